import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { CAR, delegate as issue, DID, invoke, Message } from '@ucanto/core'
import { generate } from '@ucanto/principal/ed25519'
import { base64 } from 'multiformats/bases/base64'
import { checkpointIn, type Checkpoint } from '@turnpike/accounting/checkpoint'
import {
  RECEIPT_FILE_BYTES_MAX,
  RECEIPT_FINAL_BYTES_MAX,
} from '@turnpike/core/limits/receipt-index'
import { ACK_BODY_BYTES_MAX } from '@turnpike/core/limits/read-receipts'
import { decodeEntry } from '@turnpike/core/log/decode'
import { foldPeaks, leafHash, subtreeRoot } from '@turnpike/core/merkle/hash'
import { verifyInclusion } from '@turnpike/core/merkle/proof'
import { decodeBase64 } from '@turnpike/core/note/base64'
import { callOwner } from '../control/client.ts'
import { findKey, type Signer } from '../folder/keys.ts'
import { folderPaths } from '../folder/layout.ts'
import { addFile } from '../handover/testing/hosts.ts'
import { nodeHasher } from '../hasher.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { startTestDns, texts, type TestDns } from '../testing/dns.ts'
import type { ReceiptProof } from './operations.ts'
import { tileIn } from './public-routes.ts'

type Delegation = Awaited<ReturnType<typeof issue>>

const ABILITY = 'space/receipt/get'
const SETTINGS = { frontDoor: false, subdomainHosts: ['gateway.test'], hosts: ['gateway.test'] }
/** Hosts with a DNSLink; the second serves one space. */
const SITES = ['site.example', 'photos.example']
let deployment: Deployment
let dns: TestDns
let space: Signer
let folder: Awaited<ReturnType<typeof testFolder>>
/** What the example says that acknowledges: it waits for its read to be found. */
let acknowledging: Promise<{ readonly stdout: string }>
/** Receipts of reads of 1,000 bytes. */
const receipts: string[] = []

before(async () => {
  folder = await testFolder()
  dns = await startTestDns()
  deployment = await startDeployment(folder.path, SETTINGS)
  space = (await findKey(folderPaths(folder.path).keys, 'space-default'))!
  const url = await addFile(deployment, 1000)
  acknowledging = promisify(execFile)(process.execPath, [exampleAt('acknowledge.mjs'), url])
  await read(url, 3)
  await settled()
})
after(async () => {
  await deployment.stop()
  dns.close()
  await folder.remove()
  assert.deepEqual(deployment.crashes, [])
})

function exampleAt(name: string): string {
  return fileURLToPath(new URL(`../../../../examples/${name}`, import.meta.url))
}

async function read(url: string, times: number): Promise<void> {
  const one = async (): Promise<string> => {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.headers.get('x-receipt-id')!
  }
  receipts.push(...(await Promise.all(Array.from({ length: times }, one))))
}

/** All reads are in the log, and in the index. */
async function settled(): Promise<void> {
  await deployment.usage()
  const receipt = receipts.at(-1)
  assert.ok((await callOwner(folder.path, 'receiptProof', { receipt, newest: true })).ok)
}

interface Wish {
  readonly receipt?: string
  readonly can?: string
  readonly issuer?: Signer | Awaited<ReturnType<typeof generate>>
  readonly audience?: string
  readonly proofs?: readonly Delegation[]
  readonly expiration?: number
}

/** A header field with an invocation, as ucanto's own codec makes it. */
async function fieldOf(wish: Wish = {}): Promise<string> {
  const made = await invoke({
    issuer: wish.issuer ?? space,
    audience: DID.parse(wish.audience ?? deployment.turnpike.whoami.gateway),
    capability: {
      can: wish.can ?? ABILITY,
      with: space.did(),
      nb: { receipt: wish.receipt ?? receipts[0] },
    } as never,
    proofs: wish.proofs as never,
    expiration: wish.expiration ?? Math.floor(Date.now() / 1000) + 30,
    nonce: randomBytes(6).toString('hex'),
  }).delegate()
  const message = await Message.build({ invocations: [made] as never })
  const blocks = new Map([...message.iterateIPLDBlocks()].map((block) => [`${block.cid}`, block]))
  return base64.encode(
    gzipSync(CAR.encode({ roots: [message.root] as never, blocks: blocks as never })),
  )
}

async function ask(receipt: string, field?: string, accept = '*/*'): Promise<Response> {
  const headers = { accept, ...(field !== undefined && { 'x-agent-message': field }) }
  return fetch(`${deployment.url}/receipts/${receipt}`, { headers })
}

async function statusOf(receipt: string, wish: Wish = {}): Promise<number> {
  const answer = await ask(receipt, await fieldOf({ receipt, ...wish }))
  await answer.arrayBuffer()
  return answer.status
}

async function published(path: string, base: string = deployment.url): Promise<Response> {
  return fetch(`${base}/receipts/${path}`)
}

async function checkpointNow(base?: string): Promise<Checkpoint> {
  const answer = await published('checkpoint', base)
  assert.equal(answer.status, 200)
  return checkpointIn(new Uint8Array(await answer.arrayBuffer()))!
}

test('a receipt is shown with its proof to who signs for its space', async () => {
  const [receipt] = receipts
  const answer = await ask(receipt!, await fieldOf())
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.match(answer.headers.get('cache-control')!, /no-store/)
  assert.match(answer.headers.get('vary')!, /X-Agent-Message/)
  const told = (await answer.json()) as ReceiptProof
  assert.equal(told.receipt, receipt)
  assert.deepEqual([told.read!.bytes, told.read!.status], ['1000', 200])
  assert.equal(told.read!.space, space.did())
  assert.deepEqual(told.read!.flags.includes('allowed'), true)
  assert.deepEqual([told.read!.deny, told.read!.grade], [null, 'kernel'])
  const entry = new Uint8Array(Buffer.from(told.entry, 'base64'))
  assert.equal(decodeEntry(entry).ok?.kind, 'read')
  const [head, note] = told.proof.split(/\n\n(.*)/s)
  const [first, extra, index, ...hashes] = head!.split('\n')
  assert.deepEqual([first, extra], ['c2sp.org/tlog-proof@v1', `extra ${told.entry}`])
  assert.equal(index, `index ${told.index}`)
  const { size, root } = checkpointIn(new TextEncoder().encode(note))!
  const claim = {
    index: told.index,
    size,
    leaf: leafHash(nodeHasher, entry),
    root: decodeBase64(root)!,
  }
  assert.ok(
    verifyInclusion(
      nodeHasher,
      claim,
      hashes.map((hash) => decodeBase64(hash)!),
    ),
  )
  assert.equal(told.anchored, null)
  const anchored = await ask(`${receipt}?anchored`, await fieldOf())
  assert.equal(anchored.status, 404)
  assert.match(await anchored.text(), /its hour is pending: try again later/)
  const text = await ask(receipt!, await fieldOf(), 'text/plain')
  assert.match(text.headers.get('content-type')!, /^text\/plain/)
  assert.ok((await text.text()).startsWith(`c2sp.org/tlog-proof@v1\nextra ${told.entry}\n`))
})

test('a receipt is shown to whom the space let see it, and to nobody else', async () => {
  const [receipt, other] = receipts as [string, string]
  const reader = await generate()
  const leave = (can: string, nb?: object): Promise<Delegation> =>
    issue({
      issuer: space,
      audience: reader,
      capabilities: [{ can, with: space.did(), ...(nb && { nb }) }] as never,
      expiration: Infinity,
    })
  const as = async (...proofs: Delegation[]): Promise<number> =>
    statusOf(receipt, { issuer: reader, proofs })
  assert.equal(await as(await leave(ABILITY)), 200)
  assert.equal(await as(await leave('space/*')), 200)
  assert.equal(await as(await leave(ABILITY, { receipt })), 200)
  assert.equal(await as(await leave(ABILITY, { receipt: other })), 403)
  assert.equal(await as(await leave(ABILITY, { receipt, more: 1 })), 403)
  assert.equal(await as(await leave('space/content/*')), 403)
  assert.equal(await as(), 403)
  assert.equal(await statusOf(receipt, { audience: reader.did() }), 403)
  assert.equal(await statusOf(receipt, { can: 'space/content/retrieve' }), 400)
  assert.equal(await statusOf(receipt, { expiration: 1 }), 403)
  const misled = await ask(other, await fieldOf({ receipt }))
  assert.equal(misled.status, 403, 'an invocation about another receipt')
  await misled.arrayBuffer()
})

test('an invocation shows a receipt once; without one nobody is shown any', async () => {
  const [receipt] = receipts
  const field = await fieldOf()
  assert.equal((await ask(receipt!, field)).status, 200)
  assert.equal((await ask(receipt!, field)).status, 422)
  const bare = await ask(receipt!)
  assert.deepEqual([bare.status, bare.headers.get('www-authenticate')], [401, 'UCAN'])
  assert.equal((await ask(receipt!, 'mAAAA')).status, 415)
  assert.equal((await ask(receipt!, `m${'A'.repeat(5000)}`)).status, 431)
})

test('the example shows a receipt by the key of its space', async () => {
  const example = exampleAt('show-receipt.mjs')
  const key = join(folderPaths(folder.path).keys, 'space-default.key')
  const { gateway } = deployment.turnpike.whoami
  const args = [example, deployment.url, gateway, receipts[2]!, key]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  assert.match(stdout, new RegExp(`receipt: '${receipts[2]}'`))
})

test('the example fetches and signs, and its ACK is in the log; others are told', async () => {
  const { stdout } = await acknowledging
  const [, receipt] = /^1000 bytes, receipt ([0-9a-f]{32}), acknowledged: true\n$/.exec(stdout)!
  await assertRefusals(new URL('/receipts/ack', deployment.url))
  const of = async (params: object): Promise<ReceiptProof> =>
    (await callOwner(folder.path, 'receiptProof', { ...params, newest: true })).ok as ReceiptProof
  const { index, size } = await of({ receipt })
  let ack: ReceiptProof | undefined
  for (let at = index + 1; at < size; at++) {
    const proven = await of({ index: at })
    if (proven.kind === 'ack') ack = proven
  }
  const { ok: logged } = decodeEntry(Buffer.from(ack!.entry, 'base64'))
  assert.ok(logged?.kind === 'ack')
  assert.deepEqual([logged.entry.index, logged.entry.bytes], [index, 1000n])
})

/** What the address says to who is wrong. */
async function assertRefusals(address: URL): Promise<void> {
  const post = (body: string): Promise<Response> => fetch(address, { method: 'POST', body })
  const sample = {
    receipt: '0'.repeat(32),
    bytes: 1,
    ts: 1,
    key: Buffer.alloc(32, 1).toString('base64'),
    signature: Buffer.alloc(64, 2).toString('base64'),
  }
  assert.equal((await post('{}')).status, 400)
  assert.equal((await post(JSON.stringify(sample))).status, 403)
  assert.equal((await post(JSON.stringify(sample).padEnd(ACK_BODY_BYTES_MAX))).status, 403)
  assert.equal((await post(JSON.stringify(sample).padEnd(ACK_BODY_BYTES_MAX + 1))).status, 413)
  const preflight = await fetch(address, { method: 'OPTIONS' })
  assert.match(preflight.headers.get('access-control-allow-methods')!, /POST/)
  assert.equal((await fetch(address, { method: 'PUT', body: '' })).status, 405)
}

test('another space’s receipt, and one that there is not, are the same to who asks', async () => {
  const stranger = await generate()
  const [receipt] = receipts
  const asStranger = async (id: string, more = ''): Promise<readonly [number, string]> => {
    const made = await invoke({
      issuer: stranger,
      audience: DID.parse(deployment.turnpike.whoami.gateway),
      capability: { can: ABILITY, with: stranger.did(), nb: { receipt: id } } as never,
      expiration: Math.floor(Date.now() / 1000) + 30,
    }).delegate()
    const message = await Message.build({ invocations: [made] as never })
    const blocks = new Map([...message.iterateIPLDBlocks()].map((one) => [`${one.cid}`, one]))
    const car = CAR.encode({ roots: [message.root] as never, blocks: blocks as never })
    const answer = await ask(`${id}${more}`, base64.encode(gzipSync(car)))
    return [answer.status, await answer.text()]
  }
  const there = await asStranger(receipt!)
  assert.equal(there[0], 404)
  assert.deepEqual(await asStranger('0'.repeat(32)), there)
  assert.deepEqual(await asStranger(receipt!, '?anchored'), there, 'nor whether its hour is')
  assert.equal(await statusOf('0'.repeat(32)), 404)
})

test('the published tiles lead to the published root, by the hashes of all entries', async () => {
  await read(await addFile(deployment, 10), 300)
  await settled()
  const { size, root } = await checkpointNow()
  assert.ok(size > 256)
  const full = await published('tile/0/000')
  assert.equal(full.headers.get('content-type'), 'application/octet-stream')
  assert.match(full.headers.get('cache-control')!, /immutable/)
  const first = new Uint8Array(await full.arrayBuffer())
  assert.equal(first.length, 8192)
  const rest = size - 256
  const partial = await published(`tile/0/001.p/${rest}`)
  assert.match(partial.headers.get('cache-control')!, /immutable/)
  const second = new Uint8Array(await partial.arrayBuffer())
  const above = new Uint8Array(await (await published('tile/1/000.p/1')).arrayBuffer())
  assert.deepEqual(above, subtreeRoot(nodeHasher, first))
  const { ok: proven } = await callOwner(folder.path, 'receiptProof', { index: 0 })
  const leaf = leafHash(nodeHasher, Buffer.from((proven as ReceiptProof).entry, 'base64'))
  assert.deepEqual(first.subarray(0, 32), leaf)
  const peaks: Uint8Array[] = [above]
  for (let width = 128, at = 0; width >= 1; width /= 2)
    if (rest & width) {
      peaks.push(subtreeRoot(nodeHasher, second.subarray(at * 32, (at + width) * 32)))
      at += width
    }
  assert.deepEqual(foldPeaks(nodeHasher, peaks), decodeBase64(root))
  const head = await fetch(`${deployment.url}/receipts/tile/0/000`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '8192'])
  const narrow = new Uint8Array(await (await published('tile/0/000.p/7')).arrayBuffer())
  assert.deepEqual(narrow, first.subarray(0, 7 * 32))
})

test('hashes beyond the checkpoint are not published, nor entries, nor other files', async () => {
  const { size } = await checkpointNow()
  const rest = size - 256
  // What a crash before the commit leaves: the next round writes another in its place.
  const stray = join(folder.path, 'log/tile/0/009')
  writeFileSync(stray, new Uint8Array(8192))
  mkdirSync(join(folder.path, 'receipts/read'), { recursive: true })
  for (const path of [
    'tile/0/009',
    `tile/0/001.p/${rest + 1}`,
    'tile/0/001',
    'tile/1/000',
    'tile/1/000.p/2',
    'tile/2/000.p/1',
    'tile/9/000',
    'tile/entries/000',
    'tile/0/../entries/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/x000/000',
    'tile/0/0',
    'epochs/1.root',
    'epochs/01.root',
    'epochs/1.sums',
    'epochs/../log.vkey',
    'epochs/%2e%2e%2flog.vkey',
    'state',
    '',
    '0F'.repeat(16),
  ]) {
    const answer = await published(path)
    assert.equal(answer.status, 404, path)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    await answer.arrayBuffer()
  }
  const posted = await fetch(`${deployment.url}/receipts/checkpoint`, { method: 'DELETE' })
  assert.equal(posted.status, 405)
})

test('files of epochs and the key are published as they lie in the folder', async () => {
  const epochs = join(folder.path, 'receipts/read')
  mkdirSync(epochs, { recursive: true })
  for (const [name, caching] of [
    ['7.root', /immutable/],
    ['7.anchor', /max-age=1$/],
    ['7.final', /immutable/],
  ] as const) {
    writeFileSync(join(epochs, name), `${name}\n`)
    const answer = await published(`epochs/${name}`)
    assert.equal(await answer.text(), `${name}\n`)
    assert.match(answer.headers.get('cache-control')!, caching)
  }
  const vkey = join(folder.path, 'receipts/log.vkey')
  if (!existsSync(vkey)) writeFileSync(vkey, 'a key\n')
  assert.equal(await (await published('vkey')).text(), readFileSync(vkey, 'utf8'))
  const newest = await published('epochs/newest.root')
  assert.match(await newest.text(), /^7\.root/)
  assert.match(newest.headers.get('cache-control')!, /max-age=1$/)
  // A file that is larger than any that is written is no file of ours.
  writeFileSync(join(epochs, '8.root'), new Uint8Array(RECEIPT_FILE_BYTES_MAX + 1))
  assert.equal((await published('epochs/8.root')).status, 500)
  assert.match(String(deployment.crashes.splice(0)), /8\.root expected <= 65536 bytes/)
  const large = randomBytes(RECEIPT_FINAL_BYTES_MAX)
  writeFileSync(join(epochs, '8.final'), large)
  const final = await published('epochs/8.final')
  assert.equal(final.headers.get('content-length'), String(large.length))
  assert.ok(large.equals(Buffer.from(await final.arrayBuffer())))
  writeFileSync(join(epochs, '8.final'), new Uint8Array(RECEIPT_FINAL_BYTES_MAX + 1))
  assert.equal((await published('epochs/8.final')).status, 500)
  deployment.crashes.splice(0)
})

test('worker processes publish the same, and show receipts', async () => {
  await deployment.stop()
  deployment = await startDeployment(folder.path, {
    ...SETTINGS,
    workers: 2,
    trustlessHosts: ['trustless.test'],
    hostSpaces: [{ host: SITES[1]!, space: space.did() }],
    dnsResolver: { kind: 'servers', servers: [dns.server] },
  })
  await read(await addFile(deployment, 20), 4)
  await settled()
  const { size } = await checkpointNow()
  const rest = size % 256
  for (let i = 0; i < 4; i++) {
    const tile = await published(
      `tile/0/${String(Math.floor(size / 256)).padStart(3, '0')}.p/${rest}`,
    )
    assert.equal((await tile.arrayBuffer()).byteLength, rest * 32)
  }
  assert.equal(await statusOf(receipts.at(-1)!), 200)
  assert.equal(await statusOf(receipts[0]!), 200)
})

test('content hosts have no such addresses, but what their content has there', async () => {
  const { port } = new URL(deployment.url)
  const get = (host: string, path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      request({ port, path, headers: { host } }, async (answer) => {
        resolve(Buffer.concat(await answer.toArray()).toString())
      })
        .on('error', reject)
        .end()
    })
  const site = join(folder.path, 'site')
  mkdirSync(join(site, 'receipts'), { recursive: true })
  for (const name of ['checkpoint', 'ack']) writeFileSync(join(site, 'receipts', name), 'of a site')
  const { cid } = (await deployment.add([site], { wrap: false })).roots[0]!
  for (const host of SITES) dns.zone.set(`_dnslink.${host}`, texts(60, `dnslink=/ipfs/${cid}`))
  for (const path of ['/receipts/checkpoint', '/receipts/ack']) {
    for (const host of [...SITES, `${cid}.ipfs.gateway.test`])
      assert.equal(await get(host, path), 'of a site', host)
    assert.notEqual(await get('trustless.test', path), 'of a site')
  }
  for (const host of ['gateway.test', '127.0.0.1', 'GATEWAY.test.:80'])
    assert.match(await get(host, '/receipts/checkpoint'), /\/log\n\d+\n/, host)
  for (const host of ['trustless.test', 'other.example'])
    assert.match(await get(host, '/receipts/checkpoint'), /^path expected to start with/, host)
})

test('a tile has one address', () => {
  assert.deepEqual(tileIn('0/x001/x234/067'), { level: 0, index: 1_234_067, width: 256 })
  assert.deepEqual(tileIn('3/000.p/255'), { level: 3, index: 0, width: 255 })
  for (const wrong of [
    '0/67',
    '0/x1/067',
    '10/000',
    '0/000.p/01',
    '0/x000/001',
    '0/000/',
    '0/000.p',
  ])
    assert.equal(tileIn(wrong), undefined, wrong)
})
