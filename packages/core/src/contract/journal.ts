/**
 * Contract suite of `Journal` and `JournalSource`: every adapter runs it in every runtime.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { decodeEntry } from '../log/decode.ts'
import { encodeFetch, encodeRead } from '../log/encode.ts'
import { GRADE, READ_FLAGS } from '../log/entry.ts'
import type { ReadEntry } from '../log/entry.ts'
import { MARK_BYTES } from '../limits/log.ts'
import type { Journal } from '../ports/journal.ts'
import type { JournalSource } from '../ports/log.ts'

/** A journal under test. */
export interface JournalSubject {
  readonly journal: Journal
  readonly source: JournalSource
  /** Resolves when all that was ended so far is durable. */
  flush(): Promise<void>
  /** Kills the writer without a word and opens the same journal again. */
  crash(): Promise<JournalSubject>
  close(): Promise<void>
}

/** One promise of the port: `run` throws when a subject breaks it. */
export interface JournalCase {
  readonly name: string
  run(open: () => Promise<JournalSubject>): Promise<void>
}

const START_MS = 1_763_683_200_000

function readOf(number: number): ReadEntry {
  return {
    id: new Uint8Array(16).fill(number),
    ts: START_MS,
    started: START_MS,
    domain: 'gateway.example.com',
    space: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    provider: 'did:key:z6MkwYMhwTvsq376YBAcJHy3vyRWzBgn5vKfVqqDCgm7XVKU',
    region: 'eu-west',
    cid: null,
    status: 200,
    bytes: 0n,
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: 0,
    count: 1,
    grade: GRADE.kernel,
  }
}

function groupOf(number: number): readonly Uint8Array[] {
  const read = readOf(number)
  const fetch = { id: read.id, provider: 'https://a.example', bytes: 1n, requests: 1, failed: 0 }
  return [encodeRead(read), encodeFetch(fetch)]
}

function check(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`journal expected: ${promise}`)
}

function admit(subject: JournalSubject): NonNullable<ReturnType<Journal['admit']>> {
  const read = subject.journal.admit()
  if (read === undefined) throw new Error('journal expected: room for a read, got none')
  return read
}

async function allGroups(source: JournalSource): Promise<readonly (readonly Uint8Array[])[]> {
  const groups: (readonly Uint8Array[])[] = []
  for (let at = 0; ;) {
    const batch = await source.read(at, 1024)
    if (batch.groups.length === 0) return groups
    const entries = batch.groups.reduce((sum, group) => sum + group.length, 0)
    check(batch.nextEntry === at + entries, 'nextEntry counts the entries of a batch')
    groups.push(...batch.groups)
    at = batch.nextEntry
  }
}

function checkGroups(groups: readonly (readonly Uint8Array[])[], numbers: readonly number[]): void {
  check(groups.length === numbers.length, `${numbers.length} groups, got ${groups.length}`)
  for (const [i, number] of numbers.entries()) {
    const expected = groupOf(number)
    const same = groups[i]!.every((entry, k) => bytesEqual(entry, expected[k]!))
    check(same && groups[i]!.length === expected.length, `group ${number} whole, at place ${i}`)
  }
}

/**
 * The cases.
 *
 * @example
 * for (const { name, run } of journalContract) test(name, () => run(open))
 */
export const journalContract: readonly JournalCase[] = [
  {
    name: 'journal: groups come out whole, in order, and again when asked',
    async run(open) {
      const subject = await open()
      const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9]
      for (const number of numbers) admit(subject).end(groupOf(number))
      await subject.flush()
      checkGroups(await allGroups(subject.source), numbers)
      checkGroups(await allGroups(subject.source), numbers)
      await subject.close()
    },
  },
  {
    name: 'journal: what is durable survives a crash, and numbers go on behind it',
    async run(open) {
      const subject = await open()
      admit(subject).end(groupOf(1))
      await subject.flush()
      const again = await subject.crash()
      admit(again).end(groupOf(2))
      await again.flush()
      checkGroups(await allGroups(again.source), [1, 2])
      await again.close()
    },
  },
  {
    name: 'journal: release keeps all that is not before the position',
    async run(open) {
      const subject = await open()
      for (const number of [1, 2, 3]) admit(subject).end(groupOf(number))
      await subject.flush()
      await subject.source.release(2)
      const rest = await subject.source.read(2, 1024 * 1024)
      checkGroups(rest.groups, [2, 3])
      await subject.close()
    },
  },
  {
    name: 'journal: a read that a crash cuts is recorded once, at its last mark',
    async run(open) {
      const subject = await open()
      const read = admit(subject)
      await read.start(readOf(1))
      read.mark(MARK_BYTES + 1, START_MS + 5)
      admit(subject).end(groupOf(2))
      await subject.flush()
      const once = await (await subject.crash()).crash()
      const reads = (await allGroups(once.source)).map((group) => decodeEntry(group[0]!).ok?.entry)
      check(reads.length === 2, `2 reads, got ${reads.length}`)
      const cut = reads[1] as ReadEntry
      check(bytesEqual(cut.id, readOf(1).id), 'the cut read has its own id')
      check(cut.bytes === BigInt(MARK_BYTES + 1), `bytes of the last mark, got ${cut.bytes}`)
      check(cut.ts === START_MS + 5, `time of the last mark, got ${cut.ts}`)
      check((cut.flags & READ_FLAGS.recovered) !== 0, 'flag 256 on the cut read')
      await once.close()
    },
  },
]
