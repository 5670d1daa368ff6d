import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkpointFile, CHECKPOINT_PATH } from '@turnpike/accounting/checkpoint'
import { rootAt, type CommittedLog } from '@turnpike/accounting/proofs'
import { RightEdge } from '@turnpike/accounting/right-edge'
import { emptyState, type LogState } from '@turnpike/accounting/state'
import { MemoryLogStore } from '@turnpike/accounting/testing/memory'
import {
  WITNESS_ANSWER_BYTES_MAX,
  WITNESS_NOTES_MAX,
  WITNESS_TRIES_MAX,
} from '@turnpike/core/limits/receipts'
import { verifyConsistency } from '@turnpike/core/merkle/proof'
import { decodeBase64 } from '@turnpike/core/note/base64'
import { cosigned } from '@turnpike/core/note/cosignature'
import { formatKey, keyHashOf, parseKey } from '@turnpike/core/note/key'
import { parseNote, verifyNote, type NoteSigner } from '@turnpike/core/note/note'
import type { AnchorProof, EpochStatement } from '@turnpike/core/ports/anchor'
import { openWitness } from '../../../../audit/src/witness/folder.ts'
import { startWitness } from '../../../../audit/src/witness/server.ts'
import { nodeHasher } from '../../hasher.ts'
import { nodeVerifier } from '../../names/verifier.ts'
import { WitnessAnchor, type WitnessAnchorDeps } from './anchor.ts'
import type { WitnessAt } from './ask.ts'

const ports = { hasher: nodeHasher, verifier: nodeVerifier }
const ORIGIN = 'gateway.example/log'

/** A log with a key, in memory. */
class TestLog {
  readonly store = new MemoryLogStore()
  readonly signer: NoteSigner
  readonly #secret: KeyObject
  #state: LogState = emptyState(nodeHasher)

  constructor(secret: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    this.#secret = secret
    const publicKey = Buffer.from(secret.export({ format: 'jwk' }).x!, 'base64url')
    this.signer = {
      name: ORIGIN,
      publicKey: new Uint8Array(publicKey),
      sign: (message) => new Uint8Array(sign(null, message, secret)),
    }
  }

  get vkey(): string {
    return formatKey({ ...this.signer, kind: 'ed25519' }, nodeHasher)
  }

  get log(): CommittedLog {
    return { store: this.store, hasher: nodeHasher, state: this.#state }
  }

  /** Adds entries; those of another `history` are others. */
  async grow(count: number, history = 'main'): Promise<this> {
    const edge = new RightEdge(nodeHasher, this.#state)
    for (let i = 0; i < count; i++)
      await this.store.put(edge.append(Buffer.from(`${history} ${this.#state.size + i}`)))
    this.#state = { ...this.#state, ...edge.snapshot() }
    await this.store.put([await checkpointFile(this.#state, this.signer, nodeHasher)])
    return this
  }

  /** Another log of the same key and name. */
  fork(): TestLog {
    return new TestLog(this.#secret)
  }

  /** The epoch of entries from `first` to before `end`. */
  async epoch(first: number, end: number): Promise<EpochStatement> {
    const root = await rootAt(this.log, end)
    const file = await checkpointFile({ ...this.#state, size: end, root }, this.signer, nodeHasher)
    return {
      logId: keyHashOf({ ...this.signer, kind: 'ed25519' }, nodeHasher),
      origin: ORIGIN,
      epoch: end,
      previousEpoch: first === 0 ? null : first,
      first,
      end,
      root,
      previousRoot: await rootAt(this.log, first),
      sealLeaf: root,
      summaryRoot: root,
      checkpoint: file.bytes,
    }
  }
}

/** A witness of ours, on a socket. */
async function witness(t: TestContext, log: TestLog, name: string): Promise<WitnessAt> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-witness-'))
  const options = { directory, name, logs: [log.vkey], nowMs: Date.now }
  const running = await startWitness(await openWitness(options), { host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await running.close()
    await rm(directory, { recursive: true })
  })
  return { key: parseKey(running.key, nodeHasher)!, url: new URL(running.url) }
}

/** Somebody at the key of `like` who answers what he likes. */
async function impostor(
  t: TestContext,
  { key }: WitnessAt,
  answer: (asked: string) => { status: number; type?: string; body: string },
): Promise<WitnessAt & { readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const said = Buffer.concat(await request.toArray()).toString()
    asked.push(said)
    const { status, type = 'text/plain', body } = answer(said)
    response.writeHead(status, { 'content-type': type, location: '/' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { key, url: new URL(`http://127.0.0.1:${port}/prefix/`), asked }
}

function anchorOf(
  log: () => TestLog,
  witnesses: readonly WitnessAt[],
  more: Partial<WitnessAnchorDeps> = {},
): WitnessAnchor {
  return new WitnessAnchor({
    witnesses,
    quorum: Math.floor(witnesses.length / 2) + 1,
    log: async () => log().log,
    allowPrivate: true,
    signal: new AbortController().signal,
    timeoutMs: 2000,
    ...ports,
    ...more,
  })
}

/** Submits an epoch; the proof, or why there is none. */
async function anchored(
  anchor: WitnessAnchor,
  epoch: EpochStatement,
): Promise<AnchorProof | string> {
  const { ok: intent } = await anchor.prepare([epoch])
  const { error } = await anchor.submit(intent!, [epoch])
  const { ok: standing } = await anchor.standing(intent!, [epoch])
  if (standing!.kind === 'final') return standing!.proof
  assert.equal(standing!.kind, 'waiting')
  return `${error!.name}: ${error!.message}`
}

/** How many of the witnesses' keys have cosigned what a proof is of. */
async function countOf(
  proof: AnchorProof | string,
  epoch: EpochStatement,
  witnesses: readonly WitnessAt[],
): Promise<number> {
  assert.ok(typeof proof === 'object', String(proof))
  const { checkpoint, cosignatures } = proof as { checkpoint?: string; cosignatures: string[] }
  const signed = checkpoint ?? Buffer.from(epoch.checkpoint).toString()
  const lines = cosignatures.map((line) => `${line}\n`).join('')
  const note = parseNote(Buffer.from(signed + lines)).ok!
  const seen = witnesses.map(({ key }) => verifyNote(note, key, ports, cosigned))
  return (await Promise.all(seen)).filter(({ ok }) => ok !== undefined).length
}

test('an epoch is final when more than half of the witnesses have cosigned it', async (t) => {
  const log = await new TestLog().grow(300)
  const all = await Promise.all(['w1', 'w2', 'w3'].map((name) => witness(t, log, name)))
  const anchor = anchorOf(() => log, all)
  for (const [first, end] of [
    [0, 10],
    [10, 256],
    [256, 300],
  ] as const) {
    const epoch = await log.epoch(first, end)
    const proof = await anchored(anchor, epoch)
    assert.equal(await countOf(proof, epoch, all), 3)
    assert.deepEqual(Object.keys(proof), ['kind', 'quorum', 'cosignatures'])
    // A process that remembers nothing gets them again.
    assert.equal(
      await countOf(
        await anchored(
          anchorOf(() => log, all),
          epoch,
        ),
        epoch,
        all,
      ),
      3,
    )
  }
})

test('those that fail are asked again, and only those', async (t) => {
  const log = await new TestLog().grow(20)
  const [w1, w2, w3] = await Promise.all(['w1', 'w2', 'w3'].map((name) => witness(t, log, name)))
  const busy = await impostor(t, w1!, () => ({ status: 503, body: 'later' }))
  const gone: WitnessAt = { ...w3!, url: new URL('http://127.0.0.1:9') }
  const epoch = await log.epoch(0, 20)
  const all = [busy, w2!, gone]
  const said = String(
    await anchored(
      anchorOf(() => log, all),
      epoch,
    ),
  )
  assert.match(said, /^AnchorUnavailable: expected 2 of 3 witnesses: w1: 503, "later"; w3: /)
  const anchor = anchorOf(() => log, [busy, w2!, w3!])
  assert.equal(await countOf(await anchored(anchor, epoch), epoch, [w2!, w3!]), 2)
  const before = busy.asked.length
  await anchored(anchor, epoch)
  assert.equal(busy.asked.length, before, 'what is complete is not asked for')
})

test('a witness that lags behind, or whose place is not known, says where it is', async (t) => {
  const log = await new TestLog().grow(900)
  const one = await witness(t, log, 'w1')
  const first = await log.epoch(0, 100)
  await anchored(
    anchorOf(() => log, [one]),
    first,
  )
  const last = await log.epoch(700, 900)
  assert.equal(
    await countOf(
      await anchored(
        anchorOf(() => log, [one]),
        last,
      ),
      last,
      [one],
    ),
    1,
  )
})

test('witnesses that are further on cosign the log as it is, which has the epoch', async (t) => {
  const log = await new TestLog().grow(600)
  const all = await Promise.all(['w1', 'w2'].map((name) => witness(t, log, name)))
  const later = await log.epoch(0, 600)
  assert.equal(
    await countOf(
      await anchored(
        anchorOf(() => log, all),
        later,
      ),
      later,
      all,
    ),
    2,
  )
  await log.grow(77)
  const anchor = anchorOf(() => log, all)
  for (const end of [123, 456]) {
    const epoch = await log.epoch(0, end)
    const proof = await anchored(anchor, epoch)
    assert.equal(await countOf(proof, epoch, all), 2)
    const { checkpoint, consistency } = proof as { checkpoint: string; consistency: string[] }
    const [, size, root] = checkpoint.split('\n')
    assert.equal(size, '677')
    const claim = {
      oldSize: end,
      oldRoot: epoch.root,
      newSize: Number(size),
      newRoot: decodeBase64(root!)!,
    }
    const hashes = consistency.map((hash) => decodeBase64(hash)!)
    assert.ok(verifyConsistency(nodeHasher, claim, hashes))
  }
})

test('a log that is not what witnesses have seen is in conflict with them', async (t) => {
  const log = await new TestLog().grow(50)
  const all = await Promise.all(['w1', 'w2', 'w3'].map((name) => witness(t, log, name)))
  const epoch = await log.epoch(0, 50)
  await anchored(
    anchorOf(() => log, all),
    epoch,
  )
  const other = await log.fork().grow(80, 'other')
  const forked = anchorOf(() => other, all)
  assert.match(String(await anchored(forked, await other.epoch(0, 50))), /^AnchorConflict.*of 50/)
  assert.match(String(await anchored(forked, await other.epoch(0, 80))), /^AnchorConflict.*proof/)
  // A log that was set back: found by its newest epoch, before another is due.
  const behind = await log.fork().grow(30)
  const restored = anchorOf(() => behind, all)
  assert.equal((await anchorOf(() => log, all).check(epoch)).error, undefined)
  const { error } = await restored.check(await behind.epoch(0, 20))
  assert.match(String(error), /^AnchorConflict.*it has seen 50 entries, the log has 30/)
  const said = String(await anchored(restored, await behind.epoch(0, 30)))
  assert.match(said, /^AnchorConflict.*it has seen 50 entries, the log has 30/)
})

test('one witness of three that lies stops nothing', async (t) => {
  const log = await new TestLog().grow(50)
  const all = await Promise.all(['w1', 'w2', 'w3'].map((name) => witness(t, log, name)))
  const epoch = await log.epoch(0, 50)
  const size = { status: 409, type: 'text/x.tlog.size' }
  for (const lie of [
    { status: 422, body: 'no' },
    { status: 409, body: 'no' },
    { ...size, body: '999999\n' },
    { ...size, body: '99999999999999999999\n' },
    { ...size, body: '-1\n' },
    { status: 200, body: '' },
    { status: 200, body: '\u2014 w1 AAAAAAAA\n' },
    { status: 200, body: 'x'.repeat(WITNESS_ANSWER_BYTES_MAX + 1) },
    { status: 302, body: '' },
  ]) {
    const liar = await impostor(t, all[0]!, () => lie)
    const rest = all.slice(1)
    const proof = await anchored(
      anchorOf(() => log, [liar, ...rest]),
      epoch,
    )
    assert.equal(await countOf(proof, epoch, rest), 2, JSON.stringify(lie).slice(0, 80))
    assert.match(
      String(
        await anchored(
          anchorOf(() => log, [liar]),
          epoch,
        ),
      ),
      /^Anchor/,
    )
    assert.ok(liar.asked.length <= 2 * (1 + WITNESS_TRIES_MAX))
  }
})

test('a witness that always says another size is asked a bounded number of times', async (t) => {
  const log = await new TestLog().grow(50)
  const one = await witness(t, log, 'w1')
  let at = 1
  const restless = await impostor(t, one, () => ({
    status: 409,
    type: 'text/x.tlog.size',
    body: `${at++}\n`,
  }))
  const said = await anchored(
    anchorOf(() => log, [restless]),
    await log.epoch(0, 50),
  )
  assert.match(String(said), /^AnchorUnavailable/)
  assert.equal(restless.asked.length, WITNESS_TRIES_MAX)
})

test('witnesses are asked at public addresses by https only, unless told', async (t) => {
  const log = await new TestLog().grow(5)
  const one = await witness(t, log, 'w1')
  const epoch = await log.epoch(0, 5)
  const careful = anchorOf(() => log, [one], { allowPrivate: false })
  assert.match(String(await anchored(careful, epoch)), /expected https, got http/)
  const inside = { ...one, url: new URL('https://localhost:9') }
  const said = await anchored(
    anchorOf(() => log, [inside], { allowPrivate: false }),
    epoch,
  )
  assert.match(String(said), /ENOTPUBLIC/)
})

test('one that does not answer is given up, and so it is when nobody waits', async (t) => {
  const log = await new TestLog().grow(5)
  const one = await witness(t, log, 'w1')
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const silent = { ...one, url: new URL(`http://127.0.0.1:${port}`) }
  const epoch = await log.epoch(0, 5)
  const late = await anchored(
    anchorOf(() => log, [silent], { timeoutMs: 50 }),
    epoch,
  )
  assert.match(String(late), /^AnchorUnavailable/)
  const stop = new AbortController()
  const left = anchored(
    anchorOf(() => log, [silent], { signal: stop.signal }),
    epoch,
  )
  stop.abort()
  assert.match(String(await left), /^AnchorUnavailable/)
})

test('a quorum is more than half, and not more than all', async (t) => {
  const log = await new TestLog().grow(1)
  const one = await witness(t, log, 'w1')
  for (const [count, quorum, fits] of [
    [1, 1, true],
    [2, 1, false],
    [3, 2, true],
    [4, 2, false],
    [3, 4, false],
    [0, 0, false],
  ] as const) {
    const make = (): unknown => anchorOf(() => log, Array(count).fill(one), { quorum })
    if (fits) make()
    else assert.throws(make, /more than half/)
  }
})

test('what was gathered is remembered up to a bound', async (t) => {
  const log = await new TestLog().grow(WITNESS_NOTES_MAX + 2)
  const one = await witness(t, log, 'w1')
  const anchor = anchorOf(() => log, [one])
  for (let end = 1; end <= WITNESS_NOTES_MAX + 2; end++)
    await anchored(anchor, await log.epoch(end - 1, end))
  const oldest = await log.epoch(0, 1)
  const { ok: intent } = await anchor.prepare([oldest])
  const { ok: standing } = await anchor.standing(intent!, [oldest])
  // It is proven by one that came later.
  assert.ok(standing?.kind === 'final' && 'consistency' in standing.proof)
  assert.ok(log.store.files.has(CHECKPOINT_PATH))
})
