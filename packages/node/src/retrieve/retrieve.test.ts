import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { after, before, test } from 'node:test'
import { delegate as issue, DID, Message, Receipt, invoke } from '@ucanto/core'
import { generate } from '@ucanto/principal/ed25519'
import { base58btc } from 'multiformats/bases/base58'
import { base64 } from 'multiformats/bases/base64'
import { CAR } from '@ucanto/core'
import { keyOf } from '@turnpike/core/bytes'
import { AGENT_HEADER_CHARS_MAX } from '@turnpike/core/limits/ucan'
import { linkFromBytes } from '@turnpike/core/link'
import { encodeExecute } from '@turnpike/core/retrieve/message'
import { packAgentHeader, unpackAgentHeader } from '@turnpike/core/retrieve/header'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { openCatalogReader } from '../catalog/database.ts'
import { folderPaths } from '../folder/layout.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { ClaimedReader } from '../origins/claimed-reader.ts'
import { HttpTransport } from '../origins/transport.ts'
import { nodeClock, nodeRandom } from '../runtime.ts'
import { StoredInvoker } from './invoker.ts'
import { openSigner } from './signer.ts'
import { call, delegation, holderRig, type HolderRig } from './testing/pair.ts'

const ABILITY = 'space/content/retrieve'
let rig: HolderRig
const endings: (() => Promise<void> | void)[] = []

before(async () => {
  rig = await holderRig(
    { after: (end) => endings.push(end as () => Promise<void>) },
    randomBytes(300_000),
  )
})
after(async () => {
  for (const end of endings.toReversed()) await end()
})

const reader = await generate()

interface Wish {
  range?: readonly [number, number]
  audience?: string
  expiration?: number
  digest?: Uint8Array
  /** Undefined for a new one from the space to the reader. */
  proofs?: Awaited<ReturnType<typeof issue>>[]
  nonce?: string
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

async function toReader(nb?: object): Promise<Awaited<ReturnType<typeof issue>>> {
  const capability = { can: ABILITY, with: rig.space.did(), ...(nb && { nb }) }
  return issue({
    issuer: rig.space,
    audience: reader,
    capabilities: [capability] as never,
    expiration: Infinity,
    nonce: randomBytes(6).toString('hex'),
  })
}

/** An invocation, made by ucanto. */
async function invocation(wish: Wish = {}): Promise<Awaited<ReturnType<typeof issue>>> {
  const { audience = rig.holder.turnpike.whoami.gateway, range = [0, rig.size - 1] } = wish
  return invoke({
    issuer: reader,
    audience: DID.parse(audience),
    capability: {
      can: ABILITY,
      with: rig.space.did(),
      nb: { blob: { digest: wish.digest ?? rig.shard }, range },
    } as never,
    proofs: wish.proofs ?? [await toReader()],
    expiration: wish.expiration ?? nowSeconds() + 30,
    nonce: randomBytes(6).toString('hex'),
  }).delegate() as never
}

/** The header field as ucanto's own codec makes it. */
async function fieldOf(...made: Awaited<ReturnType<typeof issue>>[]): Promise<string> {
  const message = await Message.build({ invocations: made as never })
  const blocks = new Map([...message.iterateIPLDBlocks()].map((block) => [`${block.cid}`, block]))
  const car = CAR.encode({ roots: [message.root] as never, blocks: blocks as never })
  return base64.encode(gzipSync(car))
}

async function ask(field: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(rig.url, { headers: { 'x-agent-message': field, ...headers } })
}

async function statusOf(field: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await ask(field, headers)
  await response.arrayBuffer()
  return response.status
}

test('a blob that nobody is served is given to who signed for it, with a receipt', async () => {
  assert.equal((await fetch(rig.url)).status, 404)
  const made = await invocation()
  const response = await ask(await fieldOf(made))
  assert.equal(response.status, 206)
  assert.equal(response.headers.get('content-range'), `bytes 0-${rig.size - 1}/${rig.size}`)
  assert.equal((await response.arrayBuffer()).byteLength, rig.size)
  assert.match(response.headers.get('vary') ?? '', /X-Agent-Message/)
  assert.match(response.headers.get('cache-control') ?? '', /private|no-store/)
  const car = await unpackAgentHeader(response.headers.get('x-agent-message')!)
  const { roots, blocks } = CAR.decode(car.ok!)
  const message = Message.view({ root: roots[0]!.cid as never, store: blocks as never })
  const [receipt] = [...message.receipts.values()]
  assert.ok(receipt instanceof Object && Receipt !== undefined)
  assert.equal(`${receipt!.ran.link()}`, `${made.cid}`)
  assert.deepEqual(receipt!.out, { ok: {} })
  assert.equal(receipt!.issuer?.did(), rig.holder.turnpike.whoami.gateway)
})

test('a range within that of the invocation is given, and none beyond it', async () => {
  const field = async (): Promise<string> => fieldOf(await invocation({ range: [100, 299] }))
  const response = await ask(await field(), { range: 'bytes=150-199' })
  assert.equal(response.headers.get('content-range'), `bytes 150-199/${rig.size}`)
  assert.equal(await statusOf(await field()), 206, 'what it names, unless told')
  assert.equal(await statusOf(await field(), { range: 'bytes=150-300' }), 403)
  assert.equal(await statusOf(await field(), { range: 'bytes=-5' }), 400)
  const whole = await ask(await field(), { range: 'bytes=150-199', 'if-range': '"other"' })
  assert.equal((await whole.arrayBuffer()).byteLength, 50, 'a condition makes no whole of it')
})

test('a proof that restricts the range restricts what is given', async () => {
  const proof = await toReader({ blob: { digest: rig.shard }, range: [0, 99] })
  assert.equal(
    await statusOf(await fieldOf(await invocation({ proofs: [proof], range: [0, 99] }))),
    206,
  )
  assert.equal(
    await statusOf(await fieldOf(await invocation({ proofs: [proof], range: [0, 100] }))),
    403,
  )
})

test('without a proof nothing is given', async () => {
  assert.equal(await statusOf(await fieldOf(await invocation({ proofs: [] }))), 403)
})

test('an invocation that was tampered with opens nothing', async () => {
  const made = await invocation()
  const bytes = new Uint8Array(made.root.bytes)
  bytes[bytes.length - 40]! ^= 1
  const forged = [...made.iterateIPLDBlocks()].map(({ cid, bytes: block }) => ({
    link: linkFromBytes(cid.bytes)!,
    bytes: `${cid}` === `${made.cid}` ? bytes : block,
  }))
  const car = encodeExecute(made.cid.bytes, forged, nodeHasher)
  assert.equal(await statusOf((await packAgentHeader(car)).ok!), 400)
})

test('an invocation that somebody else signed opens nothing', async () => {
  const other = await generate()
  const forger = {
    did: () => reader.did(),
    signatureAlgorithm: other.signatureAlgorithm,
    signatureCode: other.signatureCode,
    sign: (payload: Uint8Array) => other.sign(payload),
  }
  const range = [0, rig.size - 1]
  const asked = async (
    issuer: unknown,
    proof: { readonly cid: unknown } | object,
  ): Promise<number> => {
    const made = await issue({
      issuer: issuer as never,
      audience: DID.parse(rig.holder.turnpike.whoami.gateway),
      capabilities: [
        { can: ABILITY, with: rig.space.did(), nb: { blob: { digest: rig.shard }, range } },
      ] as never,
      proofs: [proof as never],
      expiration: nowSeconds() + 30,
    })
    return statusOf(await fieldOf(made as never))
  }
  assert.equal(await asked(forger, await toReader()), 403)
  assert.equal(await asked(forger, (await toReader()).cid), 403, 'nor has it proofs kept')
  assert.equal(await asked(reader, await toReader()), 206)
})

test('an invocation that has expired, or never does, opens nothing', async () => {
  assert.equal(
    await statusOf(await fieldOf(await invocation({ expiration: nowSeconds() - 1 }))),
    403,
  )
  assert.equal(await statusOf(await fieldOf(await invocation({ expiration: Infinity }))), 403)
})

test('an invocation for another node, or of another blob, opens nothing', async () => {
  const other = await generate()
  assert.equal(await statusOf(await fieldOf(await invocation({ audience: other.did() }))), 403)
  const digest = new Uint8Array(rig.shard).fill(7, 2)
  assert.equal(await statusOf(await fieldOf(await invocation({ digest }))), 403)
})

test('an invocation opens once', async () => {
  const field = await fieldOf(await invocation())
  assert.equal(await statusOf(field), 206)
  assert.equal(await statusOf(field), 422)
})

test('of requests at once with one invocation, one is served, and has the receipt', async () => {
  const field = await fieldOf(await invocation())
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(field)))
  await Promise.all(answers.map((answer) => answer.arrayBuffer()))
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
  assert.deepEqual(statuses, [206, ...Array.from({ length: 7 }, () => 422)])
  for (const { status, headers } of answers)
    assert.equal(headers.has('x-agent-message'), status === 206)
})

test('a space that anybody made takes no room: what is not here, or all have', async () => {
  const stranger = await generate()
  const asked = async (digest: Uint8Array): Promise<string> => {
    const made = await invoke({
      issuer: stranger,
      audience: DID.parse(rig.holder.turnpike.whoami.gateway),
      capability: {
        can: ABILITY,
        with: stranger.did(),
        nb: { blob: { digest }, range: [0, 1] },
      } as never,
      expiration: nowSeconds() + 30,
    }).delegate()
    return fieldOf(made as never)
  }
  const absent = await asked(rig.shard)
  for (let i = 0; i < 3; i++) assert.equal(await statusOf(absent), 404)
  const inline = Uint8Array.of(0, 2, 104, 105)
  const field = await asked(inline)
  for (let i = 0; i < 3; i++) {
    const url = `${rig.holder.url}/blob/${base58btc.encode(inline)}`
    const answer = await fetch(url, { headers: { 'x-agent-message': field } })
    assert.deepEqual([answer.status, await answer.text()], [206, 'hi'])
  }
})

test('of two invocations none is run', async () => {
  assert.equal(await statusOf(await fieldOf(await invocation(), await invocation())), 400)
})

test('a field that is too long is refused, and one that is no message', async () => {
  assert.equal(await statusOf(`m${'A'.repeat(AGENT_HEADER_CHARS_MAX)}`), 431)
  assert.equal(await statusOf(`m${'A'.repeat(AGENT_HEADER_CHARS_MAX - 1)}`), 415)
  assert.equal(await statusOf('zQm'), 415)
})

test('a field that unpacks to megabytes is refused before it does', async () => {
  const bomb = base64.encode(gzipSync(Buffer.alloc(2 << 20)))
  assert.ok(bomb.length <= AGENT_HEADER_CHARS_MAX)
  assert.equal(await statusOf(bomb), 415)
})

test('missing proofs are asked for, sent one by one, and kept for a while', async () => {
  const proof = await toReader()
  const made = await invocation({ proofs: [proof] })
  const part = async (block: typeof made.root): Promise<string> => {
    const link = linkFromBytes(block.cid.bytes)!
    const car = encodeExecute(made.cid.bytes, [{ link, bytes: block.bytes }], nodeHasher)
    return (await packAgentHeader(car)).ok!
  }
  assert.equal(await statusOf(await part(proof.root as never)), 510, 'the invocation comes first')
  const asked = await ask(await part(made.root))
  assert.equal(asked.status, 510)
  const expiry = Number(asked.headers.get('x-ucan-cache-expiry'))
  assert.ok(expiry > nowSeconds() && expiry <= nowSeconds() + 600)
  const body = (await asked.json()) as { name: string; proofs: { '/': string }[] }
  assert.equal(body.name, 'MissingProofs')
  assert.deepEqual(body.proofs, [{ '/': `${proof.cid}` }])
  assert.equal(await statusOf(await part(proof.root as never)), 206)
})

test('what was revoked opens nothing a second later', async () => {
  const proof = await toReader()
  assert.equal(await statusOf(await fieldOf(await invocation({ proofs: [proof] }))), 206)
  await call(rig.holder.data, 'delegationRevoke', { cid: `${proof.cid}` })
  assert.equal(await statusOf(await fieldOf(await invocation({ proofs: [proof] }))), 403)
})

test('what is given is on the books of the space', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const usage = JSON.stringify(await rig.holder.usage({ by: 'space' }))
  assert.ok(usage.includes(rig.space.did()), usage.slice(0, 400))
})

test('a gateway that the space let fetch shows that, and is given the range', async () => {
  const { holder, space, shard, url, size } = rig
  const audience = holder.turnpike.whoami.gateway
  const { keys, database } = folderPaths(holder.data)
  const catalog = openCatalogReader(database).ok!
  const transport = new HttpTransport({ allowPrivate: true })
  try {
    const invoker = new StoredInvoker({
      store: new CatalogDelegations(catalog),
      signsAs: [audience],
      signAs: (await openSigner(keys))!,
      checks: new SignatureChecks(nodeVerifier),
      attesters: [],
      clock: nodeClock,
      random: nodeRandom,
    })
    const claimed = new ClaimedReader(transport, { invoker, clock: nodeClock })
    const guard = { node: audience, space: space.did() }
    const site = { url: `claimed:${url}`, provider: holder.url, guard }
    const blob = { multihash: shard, key: keyOf(shard), size, sites: [site] }
    const { signal } = new AbortController()
    const open = (): ReturnType<ClaimedReader['open']> =>
      claimed.open(blob, site, { first: 10, last: 29 }, signal)
    assert.equal((await open()).error?.name, 'OriginMissing', 'nothing lets it')
    const { archive } = await delegation(space, audience, ABILITY)
    await call(holder.data, 'delegationImport', { archive })
    const opened = await open()
    assert.ok(opened.ok, opened.error?.message)
    assert.ok((await opened.ok.fill(new Uint8Array(20))).ok)
    assert.equal((await fetch(url)).status, 404, 'which lets nobody be served')
  } finally {
    transport.close()
    catalog.close()
  }
})
