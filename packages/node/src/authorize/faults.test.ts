/**
 * Faults of the existing gateway that concern authorization (reference, section 5.1), each shown
 * not to be here, over HTTP.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { encodeCar } from '@turnpike/core/car/encode'
import { linkFromString, linkToString } from '@turnpike/core/link'
import { FolderBuilder } from '@turnpike/core/unixfs/directory'
import { smallFile } from '@turnpike/core/unixfs/leaf'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { loadSettings } from '../config/load.ts'
import { callOwner } from '../control/client.ts'
import { openCatalogWriter } from '../catalog/database.ts'
import { nodeHasher } from '../hasher.ts'
import { startDeployment as startOperated } from '../serve/deployment.ts'
import { testFolder } from '../testing/deployment.ts'
import { issueServing } from './issue.ts'
import { storeDelegation } from './store-delegation.ts'
import { GATEWAY, keyOf, SPACES } from './testing/chains.ts'
import { privateRig, SECRET } from './testing/private-space.ts'

const TOKEN = 'open-sesame'
const bearer = { authorization: `Bearer ${TOKEN}` }

describe('faults of before', { concurrency: 1 }, () => {
  test('1: no cache answers before authorization, whoever filled it', async (t) => {
    const { path, get, delegate } = await privateRig(t)
    await delegate({ token: TOKEN })
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(await get(path, bearer), [200, SECRET])
      assert.equal((await get(path))[0], 404)
      assert.deepEqual(await get(`${path}?authToken=${TOKEN}`), [200, SECRET])
      assert.equal((await get(path, { authorization: 'Bearer other' }))[0], 404)
    }
  })

  test('1: what a token opened is never for a shared cache', async (t) => {
    const { path, deployment, delegate } = await privateRig(t, { cacheTags: true, cdnCache: 60 })
    await delegate({ token: TOKEN })
    for (const query of ['', '&format=raw', '&format=car', '&format=tar']) {
      const url = `${deployment.url}${path}?authToken=${TOKEN}${query}`
      const { status, headers } = await fetch(url)
      assert.equal(status, 200, query)
      assert.equal(headers.get('cache-control'), 'private, no-store', query)
      assert.equal(headers.get('cache-tag'), null)
    }
  })

  test('2: a whole shard by its own CID passes the same gate', async (t) => {
    const { added, get, delegate } = await privateRig(t)
    const path = `/ipfs/${added.shards[0]!.cid}`
    for (const query of ['', '?format=raw', '?format=car'])
      assert.equal((await get(`${path}${query}`))[0], 404, query)
    await delegate({ token: TOKEN })
    assert.equal((await get(`${path}?authToken=${TOKEN}&format=raw`))[0], 200)
    assert.equal((await get(`${path}?format=raw`))[0], 404)
  })

  test('3 and 4: no parameter leads around authorization', async (t) => {
    const { path, space, get } = await privateRig(t)
    const { archive } = await issueServing({ space: SPACES[0]!, audience: GATEWAY.did() })
    const stub = Buffer.from(archive).toString('base64url')
    const queries = [
      'legacyReq=true',
      'ff=indexing-service',
      `stub_space=${space}&stub_delegation=${stub}`,
      `space=${space}`,
    ]
    for (const query of queries) assert.equal((await get(`${path}?${query}`))[0], 404, query)
  })

  test('7: a delegation can be taken back, and ends when it says', async (t) => {
    const { path, get, delegate, revoke } = await privateRig(t)
    const within = async (status: number): Promise<void> => {
      const startMs = performance.now()
      while ((await get(path))[0] !== status)
        assert.ok(performance.now() - startMs < 1000, `${status} expected within a second`)
    }
    // Expirations count whole seconds.
    await delegate({ expiresMs: (Math.floor(Date.now() / 1000) + 2) * 1000 })
    await within(200)
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await within(404)
    const { cid } = await delegate()
    await within(200)
    await revoke(cid)
    await within(404)
  })

  test('8: a thousand requests at a cold start are all served', async (t) => {
    const { path, get, delegate } = await privateRig(t, { requestsMax: 2000 })
    await delegate({ token: TOKEN })
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => get(`${path}?authToken=${TOKEN}`)),
    )
    assert.ok(answers.every(([status, text]) => status === 200 && text === SECRET))
  })

  test('8: a stored delegation that can not be read spoils no other', async (t) => {
    const rig = await privateRig(t)
    await rig.delegate()
    const catalog = openCatalogWriter(join(rig.deployment.data, 'turnpike.sqlite')).ok!
    catalog
      .prepare(
        `INSERT INTO space_delegations (cid, space, can, issuer, audience, stored_ms, archive)
         VALUES (x'00', ?, '*', 'did:key:x', 'did:key:y', 0, x'ffff')`,
      )
      .run(rig.space)
    catalog.exec('UPDATE delegation_state SET generation = generation + 1')
    catalog.close()
    assert.deepEqual(await rig.get(rig.path), [200, SECRET])
  })

  test("9: a space reads nothing of another's, however warm it is", async (t) => {
    const { path, get, put, delegate } = await privateRig(t)
    await delegate({ token: TOKEN })
    assert.equal((await get(`${path}?authToken=${TOKEN}`))[0], 200, 'it is warm now')
    // A folder of the default space, which everybody is served, with a link to the private file.
    const profile = PROFILES['unixfs-v1-2025']
    const folder = new FolderBuilder(profile, nodeHasher)
    folder.add('stolen.txt', smallFile(profile, nodeHasher, Buffer.from(SECRET)))
    const blocks = [...folder.finish().ok!]
    const root = blocks.at(-1)!.link
    await put('theft.car', encodeCar([root], blocks))
    const cid = linkToString(root)
    assert.equal((await get(`/ipfs/${cid}/`))[0], 200, 'the folder is served')
    for (const query of ['', '?format=raw', `?authToken=${TOKEN}&space=did:key:z6Mk`])
      assert.equal((await get(`/ipfs/${cid}/stolen.txt${query}`))[0], 404, query)
    // Who brings the bytes has them: then they are of both spaces.
    await put('own.txt', Buffer.from(SECRET))
    assert.deepEqual(await get(`/ipfs/${cid}/stolen.txt`), [200, SECRET])
    assert.equal((await get(path))[0], 404, 'the private folder is as private as before')
  })

  test('11: delegations that let this gateway do nothing are not stored', async (t) => {
    const folder = await testFolder()
    const catalog = openCatalogWriter(join(folder.path, 'catalog.sqlite')).ok!
    t.after(() => {
      catalog.close()
      return folder.remove()
    })
    const [space, other] = SPACES.map((key) => key.did())
    const stored = async (archive: Uint8Array, about = space): Promise<string | undefined> => {
      const { signal } = new AbortController()
      const trust = { gateways: [GATEWAY.did()], nowMs: Date.now(), signal, space: about! }
      return (await storeDelegation(catalog, { archive, ...trust })).error?.name
    }
    const key = SPACES[0]!
    const elsewhere = (await keyOf(77)).did()
    const good = await issueServing({ space: key, audience: GATEWAY.did() })
    const toOther = await issueServing({ space: key, audience: elsewhere })
    const past = await issueServing({ space: key, audience: GATEWAY.did(), expiresMs: 1000 })
    assert.equal(await stored(toOther.archive), 'DelegationRefused', 'another audience')
    assert.equal(await stored(good.archive, other!), 'DelegationRefused', 'another space')
    assert.equal(await stored(past.archive), 'DelegationRefused', 'over')
    assert.equal(await stored(new Uint8Array([1, 2, 3])), 'ArchiveInvalid', 'junk')
    assert.equal(await stored(good.archive), undefined, 'and a good one is')
    const { rows } = catalog.prepare('SELECT count(*) AS rows FROM space_delegations').get()!
    assert.equal(rows, 1)
  })

  test('12: tokens are in no log', async (t) => {
    const folder = await testFolder()
    t.after(() => folder.remove())
    const [data, logFile] = [join(folder.path, 'data'), join(folder.path, 'log')]
    const defaults = { port: 0, adminPort: 0, logFile, logLevel: 'trace' } as const
    const loaded = loadSettings({ flags: { data }, env: {}, defaults }).ok!
    const operated = (await startOperated(loaded)).ok!
    try {
      const path = `/ipfs/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am`
      await callOwner(data, 'spaceCreate', { name: 'private' })
      await callOwner(data, 'delegationCreate', { space: 'private', token: TOKEN })
      for (const url of [`${path}?authToken=${TOKEN}`, `${path}/%zz?authToken=${TOKEN}`, path])
        await (await fetch(`${operated.url}${url}`, { headers: bearer })).text()
    } finally {
      await operated.close()
    }
    const log = readFileSync(logFile, 'utf8')
    assert.ok(log.length > 0)
    assert.doesNotMatch(log, new RegExp(TOKEN))
  })

  test('12: tokens are compared as they are: case, length and kind count', async (t) => {
    const { path, get, delegate } = await privateRig(t)
    await delegate({ token: '5' })
    assert.equal((await get(`${path}?authToken=5`))[0], 200)
    for (const token of ['05', '5.0', ' 5', '5%20', '5%00', '', 'null', 'true'])
      assert.equal((await get(`${path}?authToken=${token}`))[0], 404, token)
    assert.equal(linkFromString(path.split('/')[2]!)?.version, 1)
  })
})
