import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decodeDagIndex } from '@turnpike/core/blob-index'
import { readClaim, type Claim } from '@turnpike/core/claims/read'
import { decodeClaimsCar, decodeQueryResult } from '@turnpike/core/locate/answers'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { nodeClock } from '../runtime.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { callOwner } from '../control/client.ts'
import { openCatalogReader } from '../catalog/database.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { folderPaths } from '../folder/layout.ts'

const BASE = 'https://public.example/turnpike'

interface Rig {
  readonly deployment: Deployment
  readonly cid: string
  readonly shard: string
  get(path: string, headers?: Record<string, string>): Promise<Response>
}

async function rig(
  t: TestContext,
  settings: { publicUrl?: string } = { publicUrl: BASE },
): Promise<Rig> {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, settings)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const file = join(folder.path, 'hello.txt')
  await writeFile(file, 'hello, claims')
  const added = await deployment.add([file])
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${deployment.url}${path}`, { headers })
  return { deployment, cid: added.cid!, shard: added.shards[0]!.cid, get }
}

function zOf(cid: string): string {
  return base58btc.encode(CID.parse(cid).multihash.bytes)
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  assert.equal(response.status, 200)
  return new Uint8Array(await response.arrayBuffer())
}

async function verified(archives: readonly Uint8Array[]): Promise<Claim[]> {
  const checks = new SignatureChecks(nodeVerifier)
  const { signal } = new AbortController()
  const claims: Claim[] = []
  for (const archive of archives) {
    const nowMs = nodeClock.nowMs()
    const claim = await readClaim(archive, { hasher: nodeHasher, checks, nowMs, signal })
    assert.ifError(claim.error)
    claims.push(claim.ok!)
  }
  return claims
}

async function query(
  get: Rig['get'],
  search: string,
): Promise<{ claims: Claim[]; indexes: number }> {
  const answer = decodeQueryResult(await bytesOf(await get(`/claims?${search}`)), nodeHasher)
  assert.ifError(answer.error)
  return { claims: await verified(answer.ok!.claims), indexes: answer.ok!.indexes.length }
}

function urlsOf(claims: readonly Claim[]): string[] {
  return claims.flatMap(({ says }) => (says.kind === 'location' ? says.urls : [])).toSorted()
}

test('what was added is found by any block of it: claims, index, and where both lie', async (t) => {
  const { deployment, cid, shard, get } = await rig(t)
  const { gateway, defaultSpace } = deployment.turnpike.whoami
  const response = await get(`/claims?multihash=${zOf(cid)}`)
  const answer = decodeQueryResult(await bytesOf(response), nodeHasher).ok!
  const claims = await verified(answer.claims)
  assert.deepEqual(claims.map(({ says }) => says.kind).toSorted(), [
    'index',
    'location',
    'location',
  ])
  assert.deepEqual([...new Set(claims.map(({ issuer }) => issuer))], [gateway])
  const spaces = claims.flatMap(({ says }) => (says.kind === 'location' ? [says.space] : []))
  assert.deepEqual([...new Set(spaces)], [defaultSpace])
  const [index] = answer.indexes.map((archive) => decodeDagIndex(archive, nodeHasher).ok!)
  assert.equal(`${CID.decode(new Uint8Array([1, 0x55, ...index!.content.multihash]))}`, cid)
  assert.ok(urlsOf(claims).includes(`${BASE}/blob/${zOf(shard)}`))
  for (const url of urlsOf(claims)) {
    const multihash = base58btc.decode(url.split('/').at(-1)!)
    // A proxy takes the prefix away.
    const blob = await bytesOf(await get(new URL(url).pathname.replace('/turnpike', '')))
    assert.deepEqual(nodeHasher.sha256(blob), multihash.subarray(2), 'the blob is there')
  }
})

test('claims of a space behind a token are for who has it, and else look absent', async (t) => {
  const { deployment, cid, get } = await rig(t)
  const { data, turnpike } = deployment
  const { defaultSpace } = turnpike.whoami
  const block = `multihash=${zOf(cid)}`
  const { claims } = await query(get, block)
  const catalog = openCatalogReader(folderPaths(data).database).ok!
  const [open] = new CatalogDelegations(catalog).list(defaultSpace)
  catalog.close()
  const gated = { space: 'default', token: 'secret' }
  assert.ifError((await callOwner(data, 'delegationCreate', gated)).error)
  const revoked = await callOwner(data, 'delegationRevoke', { cid: `${CID.decode(open!.cid)}` })
  assert.ifError(revoked.error)
  const secret = { authorization: 'Bearer secret' }
  const size = async (path: string, headers?: Record<string, string>): Promise<number> =>
    (await bytesOf(await get(path, headers))).length
  const none = await size(`/claims?multihash=${zOf('bafkqaaa')}`)
  assert.equal(await size(`/claims?${block}`), none)
  assert.equal(await size(`/claims?${block}&spaces=${defaultSpace}`), none)
  const wrong = { authorization: 'Bearer wrong' }
  assert.equal(await size(`/claims?${block}&spaces=${defaultSpace}`, wrong), none)
  assert.equal(await size(`/claims?${block}`, secret), none, 'a token counts for spaces named')
  assert.ok((await size(`/claims?${block}&spaces=${defaultSpace}`, secret)) > none)
  for (const claim of claims) {
    const page = `/claim/${CID.decode(claim.cid)}`
    assert.equal((await get(page)).status, 404)
    assert.equal((await get(page, secret)).status, 200)
  }
  const empty = await size(`/claims/multihash/${zOf('bafkqaaa')}`)
  assert.equal(await size(`/claims/multihash/${zOf(cid)}`), empty)
  assert.equal(await size(`/claims/cid/${cid}?spaces=${defaultSpace}`, wrong), empty)
  assert.ok((await size(`/claims/cid/${cid}?spaces=${defaultSpace}`, secret)) > empty)
})

test('types, spaces and CIDs select', async (t) => {
  const { deployment, cid, shard, get } = await rig(t)
  const { defaultSpace } = deployment.turnpike.whoami
  const kinds = async (search: string): Promise<string> =>
    (await query(get, search)).claims
      .map(({ says }) => says.kind)
      .toSorted()
      .join()
  const block = `multihash=${zOf(cid)}`
  const blob = `multihash=${zOf(shard)}`
  assert.equal(await kinds(`${block}&type=location`), '')
  assert.equal(await kinds(`${blob}&type=location`), 'location')
  assert.equal(await kinds(`${block}&type=index_or_location`), 'index,location,location')
  assert.equal(await kinds(`${block}&type=standard_compressed`), 'index,location,location')
  assert.equal(await kinds(`${block}&${blob}`), 'index,location,location')
  assert.equal(await kinds(`${block}&spaces=${defaultSpace}`), 'index,location,location')
  assert.equal(await kinds(`${block}&spaces=did:key:z6MkOther`), '')
  assert.equal(await kinds(`multihash=${zOf('bafkqaaa')}`), '', 'nothing found is an empty result')
  const { claims } = await query(get, block)
  for (const claim of claims) {
    const page = await get(`/claim/${CID.decode(claim.cid)}`)
    assert.deepEqual(await bytesOf(page), claim.archive)
  }
  assert.equal((await get(`/claim/${cid}`)).status, 404)
})

test('malformed questions are refused as the original refuses them', async (t) => {
  const { cid, get } = await rig(t)
  const block = `multihash=${zOf(cid)}`
  const many = Array.from({ length: 65 }, () => block).join('&')
  for (const [search, message] of [
    ['', /missing digests/],
    ['multihash=nonsense', /invalid multihash/],
    [`multihash=${cid}`, /invalid multihash/],
    [`multihash=z${'1'.repeat(600)}`, /invalid multihash/],
    [`${block}&spaces=nobody`, /invalid DID/],
    [`${block}&type=standard&type=location`, /only one "type"/],
    [`${block}&type=everything`, /invalid query type/],
    [`${block}&${block}&type=standard_compressed`, /only one multihash/],
    [many, /at most 64/],
  ] as const) {
    const response = await get(`/claims?${search}`)
    assert.equal(response.status, 400, search)
    assert.match(await response.text(), message)
  }
  assert.equal((await get('/claim/nonsense')).status, 400)
  assert.equal((await get('/claims/multihash/nonsense')).status, 400)
  assert.equal((await get('/claims/cid/nonsense')).status, 400)
})

test('content-claims clients find the same claims, one archive a block', async (t) => {
  const { cid, shard, get } = await rig(t)
  const read = async (path: string): Promise<Claim[]> => {
    const answer = decodeClaimsCar(await bytesOf(await get(path)), nodeHasher)
    assert.ifError(answer.error)
    return verified(answer.ok!.claims)
  }
  const byBlock = await read(`/claims/multihash/${zOf(cid)}`)
  assert.equal(byBlock.length, 3)
  assert.deepEqual((await read(`/claims/cid/${cid}`)).length, 3)
  const byShard = await read(`/claims/multihash/${zOf(shard)}`)
  assert.deepEqual(
    byShard.map(({ says }) => says.kind),
    ['location'],
    'no index: clients would go round',
  )
  assert.deepEqual(await read(`/claims/multihash/${zOf('bafkqaaa')}`), [])
  assert.equal((await read(`/claims/cid/${cid}?walk=parts,includes,children,else`)).length, 3)
})

test('claims go with the content, and with the public address', async (t) => {
  const { deployment, cid, get } = await rig(t)
  const block = `multihash=${zOf(cid)}`
  assert.equal((await query(get, block)).claims.length, 3)
  const moved = await callOwner(deployment.data, 'claimsIssue', {
    publicUrl: 'http://new.example/',
  })
  assert.deepEqual(moved.ok, { holdings: 1 })
  const again = await callOwner(deployment.data, 'claimsIssue', {
    publicUrl: 'http://new.example/',
  })
  assert.deepEqual(again.ok, { holdings: 0 }, 'nothing is issued twice')
  const urls = urlsOf((await query(get, block)).claims)
  assert.ok(
    urls.every((url) => url.startsWith('http://new.example/blob/z')),
    urls.join(),
  )
  assert.ifError((await callOwner(deployment.data, 'rm', { cid })).error)
  assert.equal((await query(get, block)).claims.length, 0)
  const bad = await callOwner(deployment.data, 'claimsIssue', { publicUrl: 'ftp://x' })
  assert.equal(bad.error?.name, 'InvalidParams')
})

test('without a public address nothing is claimed', async (t) => {
  const { cid, get } = await rig(t, {})
  assert.equal((await query(get, `multihash=${zOf(cid)}`)).claims.length, 0)
})
