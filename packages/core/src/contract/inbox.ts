/**
 * Contract suite of `Inbox`, with the journal by which a sequencer reads it.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { encodeFetch, encodeRead, encodeVoid } from '../log/encode.ts'
import { DENY, GRADE, READ_FLAGS } from '../log/entry.ts'
import { VOID_SOURCE } from '../ports/inbox.ts'
import type { Inbox, InboxGroup, InboxVerdict } from '../ports/inbox.ts'
import type { JournalSource } from '../ports/log.ts'
import { expect } from './case.ts'
import type { ContractCase } from './case.ts'

/** An inbox under test. */
export interface InboxSubject {
  readonly inbox: Inbox
  readonly source: JournalSource
  /** Kills it without a word and opens the same inbox again. */
  crash(): Promise<InboxSubject>
}

const ALICE = 'did:key:alice'
const BOB = 'did:key:bob'

function group(n: number, source: string = ALICE): InboxGroup {
  const id = new Uint8Array(16).fill(n)
  const read = encodeRead({
    id,
    ts: 1_760_000_000_000,
    started: 1_760_000_000_000,
    domain: 'site.example',
    space: 'did:key:space',
    provider: source,
    region: 'eu',
    cid: null,
    status: 200,
    bytes: BigInt(n),
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: DENY.none,
    count: 1,
    grade: GRADE.kernel,
  })
  const fetch = encodeFetch({
    id,
    provider: 'https://a.example',
    bytes: 1n,
    requests: 1,
    failed: 0,
  })
  return { key: id, entries: [read, fetch] }
}

function voidGroup(index: number): InboxGroup {
  const id = new Uint8Array(16).fill(index + 1)
  const leaf = new Uint8Array(32)
  return { key: id, entries: [encodeVoid({ id, ts: 1, index, leaf, reason: 0 })] }
}

async function accept(
  { inbox }: InboxSubject,
  source: string,
  groups: readonly InboxGroup[],
): Promise<string> {
  const { ok, error } = await inbox.accept(source, groups)
  if (ok === undefined) throw error
  return ok.map(({ kind }: InboxVerdict) => kind).join(' ')
}

async function expectGroups(
  source: JournalSource,
  from: number,
  expected: readonly InboxGroup[],
): Promise<void> {
  const groups: (readonly Uint8Array[])[] = []
  for (let at = from; ;) {
    const batch = await source.read(at, 100)
    if (batch.groups.length === 0) break
    groups.push(...batch.groups)
    const entries = batch.groups.reduce((sum, { length }) => sum + length, 0)
    expect(batch.nextEntry === at + entries, 'expected nextEntry to count the entries of a batch')
    at = batch.nextEntry
  }
  expect(groups.length === expected.length, `expected ${expected.length}, got ${groups.length}`)
  for (const [i, { entries }] of expected.entries()) {
    const same = entries.every((entry, k) => bytesEqual(entry, groups[i]![k] ?? new Uint8Array()))
    expect(same && groups[i]!.length === entries.length, `expected group ${i} whole, in order`)
  }
}

function expectSame(got: string, expected: string): void {
  expect(got === expected, `expected "${expected}", got "${got}"`)
}

/**
 * What an inbox must do. Each case wants one that is empty.
 *
 * @example
 * for (const { name, run } of INBOX_CONTRACT) test(name, async () => run(await open()))
 */
export const INBOX_CONTRACT: readonly ContractCase<InboxSubject>[] = [
  {
    name: 'groups come out whole, in order, and again when asked',
    run: async (subject) => {
      const groups = [1, 2, 3, 4, 5].map((n) => group(n))
      expectSame(await accept(subject, ALICE, groups.slice(0, 2)), 'counted counted')
      expectSame(await accept(subject, ALICE, groups.slice(2)), 'counted counted counted')
      await expectGroups(subject.source, 0, groups)
      await expectGroups(subject.source, 4, groups.slice(2))
      await expectGroups(subject.source, 10, [])
    },
  },
  {
    name: 'a key counts once for each source, in one call or several',
    run: async (subject) => {
      const again = group(2)
      expectSame(await accept(subject, ALICE, [group(1), again, group(1)]), 'counted counted seen')
      expectSame(await accept(subject, ALICE, [group(3), again]), 'counted seen')
      expectSame(await accept(subject, BOB, [again]), 'counted')
      await expectGroups(subject.source, 0, [group(1), again, group(3), again])
    },
  },
  {
    name: 'keys of different length are different',
    run: async (subject) => {
      const { entries } = group(1)
      const keys = [16, 17, 24, 32].map((length) => ({ key: new Uint8Array(length), entries }))
      expectSame(await accept(subject, ALICE, keys), 'counted counted counted counted')
      expectSame(await accept(subject, ALICE, keys.slice(1, 2)), 'seen')
    },
  },
  {
    name: 'keys are of 16 to 32 bytes',
    run: async (subject) => {
      for (const length of [0, 15, 33]) {
        const groups = [{ key: new Uint8Array(length), entries: group(1).entries }]
        const outcome = await Promise.resolve()
          .then(() => subject.inbox.accept(ALICE, groups))
          .catch((error: unknown) => error)
        expect(outcome instanceof RangeError, `expected a RangeError for ${length} bytes`)
      }
      await expectGroups(subject.source, 0, [])
    },
  },
  {
    name: 'what can be no entry is refused alone, and its key stays free',
    run: async (subject) => {
      const { key } = group(2)
      const bad = [
        { key, entries: [] },
        { key, entries: [new Uint8Array([0x80])] },
        { key, entries: [...group(2).entries, group(3).entries[1]!] },
        { key, entries: [...group(2).entries, group(3).entries[0]!] },
        voidGroup(1),
      ]
      const groups = [group(1), ...bad, group(2)]
      const refused = bad.map(() => 'refused').join(' ')
      expectSame(await accept(subject, ALICE, groups), `counted ${refused} counted`)
      await expectGroups(subject.source, 0, [group(1), group(2)])
    },
  },
  {
    name: 'VOIDs come from those who void, and nothing else does',
    run: async (subject) => {
      const groups = [voidGroup(0), group(9), voidGroup(0), voidGroup(1)]
      expectSame(await accept(subject, VOID_SOURCE, groups), 'counted refused seen counted')
      await expectGroups(subject.source, 0, [voidGroup(0), voidGroup(1)])
    },
  },
  {
    name: 'what was answered survives a crash, and is still known after it was released',
    run: async (subject) => {
      expectSame(await accept(subject, ALICE, [group(1), group(2)]), 'counted counted')
      const again = await subject.crash()
      await expectGroups(again.source, 0, [group(1), group(2)])
      await again.source.release(4)
      const last = await again.crash()
      expectSame(await accept(last, ALICE, [group(2), group(3)]), 'seen counted')
      await expectGroups(last.source, 4, [group(3)])
    },
  },
  {
    name: 'release keeps all that is not before the position',
    run: async (subject) => {
      await accept(subject, ALICE, [group(1), group(2), group(3)])
      await subject.source.release(2)
      await expectGroups(subject.source, 2, [group(2), group(3)])
    },
  },
  {
    name: 'a position that it does not hold is refused, before and behind',
    run: async (subject) => {
      await accept(subject, ALICE, [group(1)])
      await accept(subject, ALICE, [group(2)])
      await subject.source.release(2)
      for (const position of [0, 5]) {
        const outcome = await subject.source.read(position, 100).then(
          () => 'read',
          () => 'refused',
        )
        expectSame(outcome, 'refused')
      }
    },
  },
  {
    name: 'calls that overlap are all answered',
    run: async (subject) => {
      const calls = [1, 2, 1, 3].map((n) => accept(subject, ALICE, [group(n)]))
      expectSame((await Promise.all(calls)).join(' '), 'counted counted seen counted')
    },
  },
]
