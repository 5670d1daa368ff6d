import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeAck } from '@turnpike/core/handover/ack'
import { decodeBatch, makeBatch } from '@turnpike/core/handover/batch'
import type { Signatures } from '@turnpike/core/handover/signed-by'
import { HAND_ON_RETRY_MS, HAND_ON_RETRY_MS_MAX } from '@turnpike/core/limits/inbox'
import { decodeEntry } from '@turnpike/core/log/decode'
import { encodeExec, encodeFetch, encodeVoid } from '@turnpike/core/log/encode'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { InboxVerdict } from '@turnpike/core/ports/inbox'
import { DidUnresolved } from '@turnpike/core/ports/principals'
import { fail, ok } from '@turnpike/core/result'
import { testHasher, testKey, testVerifier } from '@turnpike/core/testing/keys'
import { groupOf, readOf } from '../testing/entries.ts'
import { MemoryInbox } from '../testing/inbox.ts'
import { MemoryJournal, TestClock } from '../testing/memory.ts'
import { HandOnFailed } from './deliver.ts'
import type { SendBatch } from './deliver.ts'
import { HandOn } from './hand-on.ts'
import type { HandOnDeps, RefusedGroup } from './hand-on.ts'
import { takeBatch } from './receive.ts'
import type { ReceiveDeps } from './receive.ts'
import { resendRefused } from './resend.ts'
import type { RefusedGroups } from './resend.ts'

const edge = testKey(1)
const home = testKey(2)
const never = new AbortController().signal
const signatures: Signatures = {
  verifier: testVerifier,
  resolver: {
    resolve: (did) =>
      did === 'did:web:home.example'
        ? ok({ keys: [home.did], ttlMs: undefined })
        : fail(new DidUnresolved(did, 'unavailable', 'away')),
  },
}

function receiverOf(inbox: MemoryInbox, rules: Partial<ReceiveDeps> = {}): ReceiveDeps {
  const audiences = [home.did, 'did:web:home.example']
  const sources = [edge.did, 'did:web:away.example']
  return { inbox, signatures, signer: home, hasher: testHasher, audiences, sources, ...rules }
}

/** A read of the edge, as a group. */
function edgeGroup(n: number, fields: Partial<ReadEntry> = {}): readonly Uint8Array[] {
  return groupOf(n, { provider: edge.did, ...fields })
}

function batchOf(
  groups: readonly (readonly Uint8Array[])[],
  { signer = edge, source = edge.did as string, audience = home.did as string } = {},
): Promise<Uint8Array> {
  const says = { source, audience, journal: '0', first: 0, madeMs: 1 }
  return makeBatch(says, groups, { signer, hasher: testHasher })
}

/** Positions in memory: what a host remembers when it is started again. */
function positionsOf() {
  const at = new Map<string, number>()
  const refused: RefusedGroup[] = []
  return {
    refused,
    get: (journal: string) => at.get(journal) ?? 0,
    settle(journal: string, next: number, groups: readonly RefusedGroup[]) {
      at.set(journal, next)
      refused.push(...groups)
    },
  }
}

function senderOf(journals: readonly MemoryJournal[], deps: Partial<HandOnDeps>): HandOnDeps {
  return {
    source: edge.did,
    audience: home.did,
    journals: () => journals,
    positions: positionsOf(),
    send: async () => fail(new HandOnFailed('nobody is there')),
    signer: edge,
    signatures,
    hasher: testHasher,
    clock: new TestClock(1_760_000_000_000),
    ...deps,
  }
}

/** Sends straight to a receiver. */
function sendTo(receiver: ReceiveDeps): SendBatch {
  return async (batch, signal) => {
    const { ok: answer, error } = await takeBatch(batch, receiver, signal)
    return answer === undefined ? fail(new HandOnFailed(error.message)) : ok(answer)
  }
}

/** An answer of `home` to a batch, whatever became of its groups. */
function ackOf(batch: Uint8Array, verdicts: readonly InboxVerdict[]): Promise<Uint8Array> {
  const hash = testHasher.sha256(decodeBatch(batch).ok!.headerBytes)
  return makeAck({ by: home.did, source: edge.did, batch: hash, verdicts }, home)
}

async function idsIn(inbox: MemoryInbox): Promise<number[]> {
  const { groups } = await inbox.read(0, Infinity)
  return groups.map((group) => {
    const { id } = decodeEntry(group[0]!).ok!.entry as ReadEntry
    return new DataView(id.buffer, id.byteOffset).getUint32(0)
  })
}

test('D3: whatever the network does, each group counts once and none is lost', async () => {
  const anyFate = fc.constantFrom('good', 'good', 'lost', 'answer lost', 'twice', 'late', 'full')
  const step = fc.record({
    grow: fc.array(fc.nat(1), { maxLength: 6 }),
    fates: fc.array(anyFate, { maxLength: 6 }),
    restart: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const journals = [new MemoryJournal('0'), new MemoryJournal('1')]
      const inbox = new MemoryInbox()
      const receiver = receiverOf(inbox)
      const fates: string[] = []
      const late: Uint8Array[] = []
      const send: SendBatch = async (batch, signal) => {
        const fate = fates.shift() ?? 'good'
        inbox.full = fate === 'full'
        if (fate === 'late') late.push(batch)
        if (fate === 'lost' || fate === 'late') return fail(new HandOnFailed(fate))
        if (fate === 'twice') await takeBatch(batch, receiver, signal)
        const answer = await sendTo(receiver)(batch, signal)
        return fate === 'answer lost' ? fail(new HandOnFailed(fate)) : answer
      }
      const clock = new TestClock(1)
      const deps = senderOf(journals, { send, clock })
      let sender = new HandOn(deps)
      let count = 0
      for (const { grow, fates: next, restart } of steps) {
        for (const journal of grow) journals[journal]!.append(edgeGroup(count++))
        fates.push(...next)
        clock.pass(HAND_ON_RETRY_MS_MAX)
        await sender.catchUp(never)
        if (restart) sender = new HandOn(deps)
        // What was on the way all the time comes after what was sent later.
        for (const batch of late.splice(0)) await takeBatch(batch, receiver, never)
      }
      fates.length = 0
      clock.pass(HAND_ON_RETRY_MS_MAX)
      const { ok: end } = await sender.catchUp(never)
      assert.equal(end?.more, false)
      const ids = await idsIn(inbox)
      assert.deepEqual(
        ids.toSorted((a, b) => a - b),
        [...Array(count).keys()],
      )
    }),
    { numRuns: 200 },
  )
})

test('D1: a batch that comes again, however late, counts nothing', async () => {
  const inbox = new MemoryInbox()
  const batch = await batchOf([edgeGroup(1), edgeGroup(2)])
  for (let i = 0; i < 3; i++) assert.ok((await takeBatch(batch, receiverOf(inbox), never)).ok)
  assert.deepEqual(await idsIn(inbox), [1, 2])
})

test('a read that is told twice counts once, whatever its end is said to be', async () => {
  const inbox = new MemoryInbox()
  const ended = edgeGroup(1, { ts: 1_760_000_009_000, bytes: 500n })
  const recovered = edgeGroup(1, { ts: 1_760_000_001_000, bytes: 100n, flags: 256 })
  for (const group of [ended, recovered])
    assert.ok((await takeBatch(await batchOf([group]), receiverOf(inbox), never)).ok)
  assert.deepEqual(await idsIn(inbox), [1])
})

test('FETCH entries that outlived their READ count once for each provider', async () => {
  const inbox = new MemoryInbox()
  const { id } = readOf(1)
  const late = ['https://a.example', 'https://b.example'].map((provider) => [
    encodeFetch({ id, provider, bytes: 7n, requests: 1, failed: 0 }),
  ])
  for (const groups of [[edgeGroup(1), ...late], late])
    assert.ok((await takeBatch(await batchOf(groups), receiverOf(inbox), never)).ok)
  assert.equal((await inbox.read(0, Infinity)).groups.length, 3)
})

test('a batch is taken as it was signed, from whom is listed, by whom it is for', async () => {
  const inbox = new MemoryInbox()
  const other = testKey(3)
  const groups = [edgeGroup(1)]
  const good = await batchOf(groups)
  const altered = good.slice()
  altered[altered.length - 1]! ^= 1
  const header = good.slice()
  header[header.indexOf(0x61, 40)]! ^= 1
  const cases: readonly (readonly [fault: string, batch: Uint8Array])[] = [
    ['malformed', good.subarray(0, 50)],
    ['malformed', new Uint8Array()],
    ['malformed', good.subarray(0, 1)],
    ['stranger', await batchOf(groups, { signer: other, source: other.did })],
    ['misaddressed', await batchOf(groups, { audience: other.did })],
    ['forged', await batchOf(groups, { signer: other })],
    ['forged', altered],
    ['forged', good.subarray(0, good.length - 1)],
    ['unresolved', await batchOf(groups, { source: 'did:web:away.example' })],
  ]
  for (const [fault, batch] of cases) {
    const { error } = await takeBatch(batch, receiverOf(inbox), never)
    assert.equal(error?.name === 'BatchRefused' && error.fault, fault)
  }
  assert.ok((await takeBatch(header, receiverOf(inbox), never)).error)
  assert.deepEqual(await idsIn(inbox), [])
  assert.ok((await takeBatch(good, receiverOf(inbox), never)).ok)
  const byName = await batchOf([edgeGroup(2)], { audience: 'did:web:home.example' })
  assert.ok((await takeBatch(byName, receiverOf(inbox), never)).ok)
  assert.deepEqual(await idsIn(inbox), [1, 2])
})

test('L12: of a batch, what can not be counted is refused alone, with the reason', async () => {
  const inbox = new MemoryInbox()
  const journal = new MemoryJournal('0')
  const { id } = readOf(3, { provider: edge.did })
  const exec = {
    id,
    ts: 1,
    domain: '',
    space: '',
    provider: home.did,
    region: '',
    read: id,
    cpuUs: 1,
    diskReadBytes: 0n,
    diskWriteBytes: 0n,
    code: null,
    exit: 0,
  }
  const bad = [
    groupOf(2),
    [edgeGroup(3)[0]!, encodeExec(exec)],
    [encodeVoid({ id, ts: 1, index: 0, leaf: new Uint8Array(32), reason: 0 })],
    [new Uint8Array([0x80])],
  ]
  for (const group of [edgeGroup(1), ...bad, edgeGroup(9)]) journal.append(group)
  const positions = positionsOf()
  const deps = senderOf([journal], { positions, send: sendTo(receiverOf(inbox)) })
  const { ok: handed } = await new HandOn(deps).catchUp(never)
  assert.deepEqual(handed, { entries: 7, counted: 2, seen: 0, refused: 4, more: false })
  assert.deepEqual(await idsIn(inbox), [1, 9])
  assert.deepEqual(
    positions.refused.map(({ entry }) => entry),
    [1, 2, 4, 5],
  )
  assert.deepEqual(
    positions.refused.map(({ entries }) => entries),
    bad,
  )
  assert.match(positions.refused[0]!.reason, /provider expected did:key/)
  assert.equal(journal.released, 7)
})

test('L5: nothing is let go of for an answer that is not the one expected', async () => {
  const inbox = new MemoryInbox()
  const journal = new MemoryJournal('0')
  for (const n of [1, 2]) journal.append(edgeGroup(n))
  const other = testKey(3)
  const verdicts = [{ kind: 'counted' }, { kind: 'counted' }] as const
  const answers: Readonly<Record<string, SendBatch>> = {
    'signed by another': async (batch, signal) => {
      const { ok: answer } = await takeBatch(batch, receiverOf(inbox, { signer: other }), signal)
      return ok(answer!)
    },
    'to another batch': async () => {
      const sent = { by: home.did, source: edge.did, batch: new Uint8Array(32), verdicts }
      return ok(await makeAck(sent, home))
    },
    'of another gateway': async (_, signal) => {
      const rules = { signer: other, audiences: [other.did] }
      const batch = await batchOf([edgeGroup(1)], { audience: other.did })
      const { ok: answer } = await takeBatch(batch, receiverOf(inbox, rules), signal)
      return ok(answer!)
    },
    nonsense: async () => ok(new Uint8Array(3)),
    'without verdicts': async (batch) => ok(await ackOf(batch, [])),
    'with too many verdicts': async (batch) => ok(await ackOf(batch, [...verdicts, ...verdicts])),
  }
  for (const [what, send] of Object.entries(answers)) {
    const { error } = await new HandOn(senderOf([journal], { send })).catchUp(never)
    assert.ok(error instanceof HandOnFailed, what)
    assert.equal(journal.released, 0, what)
  }
})

test('an answer for the first groups of a batch moves on by those', async () => {
  const journal = new MemoryJournal('0')
  for (const n of [1, 2, 3]) journal.append(edgeGroup(n))
  const sizes: number[] = []
  const send: SendBatch = async (batch) => {
    sizes.push(decodeBatch(batch).ok!.header.count)
    return ok(await ackOf(batch, [{ kind: 'counted' }]))
  }
  const { ok: handed } = await new HandOn(senderOf([journal], { send })).catchUp(never)
  assert.deepEqual([handed!.counted, sizes, journal.released], [3, [3, 2, 1], 3])
})

test('after a failure there is a pause, twice as long each time', async () => {
  const journal = new MemoryJournal('0')
  journal.append(edgeGroup(1))
  const clock = new TestClock(1)
  let sent = 0
  const send: SendBatch = async () => {
    sent++
    return fail(new HandOnFailed('nobody is there'))
  }
  const sender = new HandOn(senderOf([journal], { clock, send }))
  assert.equal(sender.lagMs, 0)
  for (let pauseMs = HAND_ON_RETRY_MS; pauseMs < 4 * HAND_ON_RETRY_MS_MAX; pauseMs *= 2) {
    const before = sent
    assert.ok((await sender.catchUp(never)).error)
    assert.equal(sent, before + 1)
    clock.pass(Math.min(pauseMs, HAND_ON_RETRY_MS_MAX) - 1)
    assert.ok((await sender.catchUp(never)).error)
    assert.equal(sent, before + 1)
    clock.pass(1)
  }
  assert.ok(sender.lagMs > HAND_ON_RETRY_MS_MAX)
})

test('one call hands on so many batches, and says that there is more', async () => {
  const journals = [new MemoryJournal('0'), new MemoryJournal('1')]
  for (let n = 0; n < 8; n++) journals[n % 2]!.append(edgeGroup(n))
  // Each read of a journal gives one group, so that each is a batch.
  const single = journals.map((journal) => ({
    name: journal.name,
    read: (from: number) => journal.read(from, 1),
    release: (before: number) => journal.release(before),
  }))
  const inbox = new MemoryInbox()
  const send = sendTo(receiverOf(inbox))
  const deps = { ...senderOf(journals, { send }), journals: () => single, batchesMax: 5 }
  const sender = new HandOn(deps)
  assert.deepEqual((await sender.catchUp(never)).ok, handedOf(5, true))
  assert.deepEqual(await idsIn(inbox), [0, 1, 2, 3, 4], 'in turns')
  assert.deepEqual((await sender.catchUp(never)).ok, handedOf(3, false))
  assert.equal((await sender.catchUp(never)).ok!.entries, 0)
})

function handedOf(entries: number, more: boolean): object {
  return { entries, counted: entries, seen: 0, refused: 0, more }
}

/** Refused groups in memory. */
function refusedGroupsOf(all: RefusedGroup[]): RefusedGroups {
  return {
    next: (after) => all.filter(({ entry }) => entry > (after?.entry ?? -1)).slice(0, 2),
    resettle(groups, verdicts) {
      for (const [i, group] of groups.entries())
        if (verdicts[i]!.kind !== 'refused') all.splice(all.indexOf(group), 1)
    },
  }
}

test('what was refused is handed on again, once each, and forgotten when it is taken', async () => {
  const inbox = new MemoryInbox()
  const all = [1, 2, 3, 4, 5].map((n) => {
    // The third and the fourth are of another gateway still.
    const entries = edgeGroup(n, n === 3 || n === 4 ? { provider: home.did } : {})
    return { journal: '0', entry: n, reason: 'once', entries }
  })
  assert.ok((await takeBatch(await batchOf([edgeGroup(1)]), receiverOf(inbox), never)).ok)
  const deps = senderOf([], { send: sendTo(receiverOf(inbox)) })
  const away = await resendRefused(refusedGroupsOf(all), senderOf([], {}), never)
  assert.equal(away.error?.name, 'HandOnFailed')
  const { ok: resent } = await resendRefused(refusedGroupsOf(all), deps, never)
  assert.deepEqual(resent, { counted: 2, seen: 1, refused: 2 })
  assert.deepEqual(
    all.map(({ entry }) => entry),
    [3, 4],
  )
  assert.deepEqual(await idsIn(inbox), [1, 2, 5])
})
