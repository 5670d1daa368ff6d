/**
 * The journal as a Durable Object: entries of many isolates, durable before a call returns.
 *
 * `frames` holds finished reads in the frames of the Node journal; `reads` the reads that are open,
 * each as the READ entry that stands for it if nothing more is heard. An END is taken only while
 * its row in `reads` is there, so a read that was closed for its silence is closed for good.
 * @module
 */
import { DurableObject } from 'cloudflare:workers'
import { FRAME_BYTES_MAX, JOURNAL_COMMIT_MS } from '@turnpike/core/limits/log'
import {
  WORKER_CLOSE_MAX,
  WORKER_JOURNAL_BYTES_MAX,
  WORKER_PENDING_MAX,
  WORKER_RECENT_MAX,
  WORKER_SILENCE_MS,
} from '@turnpike/core/limits/workers'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { decodeEntry, readIdOf } from '@turnpike/core/log/decode'
import { encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { FrameBuilder, groupBytes } from '@turnpike/core/log/frame'
import { crc32 } from './crc32.ts'
import type { ObjectContext } from './platform.ts'

/** Settings of the object, from its Worker's variables. */
export interface JournalEnv {
  /** Silence in ms after which a read is closed; `WORKER_SILENCE_MS` unless told. */
  readonly SILENCE_MS?: number
}

/** What a call that ends a read did: `refused` when the read was closed before, or twice ended. */
export type EndOutcome = 'taken' | 'refused'

/** Frames from a position on, as the object hands them out. */
export interface PulledFrames {
  /** Number of the first entry that is kept, and of the one after the last. */
  readonly firstEntry: number
  readonly nextEntry: number
  readonly frames: readonly { readonly first: number; readonly bytes: Uint8Array }[]
}

type Group = readonly Uint8Array[]
type Step = () => readonly Group[]

const SCHEMA = `
CREATE TABLE IF NOT EXISTS frames (
  first INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS reads (
  id BLOB PRIMARY KEY, draft BLOB NOT NULL, seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS next (only INTEGER PRIMARY KEY, entry INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO next VALUES (1, 0)`

/**
 * One shard of the journal. Each call resolves when what it says is durable: calls that come within
 * 5 ms share one transaction.
 */
export class JournalObject extends DurableObject<ObjectContext, JournalEnv> {
  readonly #silenceMs: number
  readonly #builder = new FrameBuilder(new Uint8Array(FRAME_BYTES_MAX))
  readonly #recent = new Map<BytesKey, true>()
  #steps: Step[] = []
  #commit: Promise<void> | undefined
  #alarmSet = false

  constructor(ctx: ObjectContext, env: JournalEnv) {
    super(ctx, env)
    this.#silenceMs = env.SILENCE_MS ?? WORKER_SILENCE_MS
    for (const statement of SCHEMA.split(';')) this.#sql(statement)
  }

  /**
   * Takes a read in, as the READ that stands for it if nothing more is heard.
   *
   * @throws {RangeError} when there is no room: the read must not be answered
   */
  async start(draft: Uint8Array): Promise<void> {
    if (this.ctx.storage.sql.databaseSize > WORKER_JOURNAL_BYTES_MAX)
      throw new RangeError(`journal expected <= ${WORKER_JOURNAL_BYTES_MAX} bytes, has more`)
    const id = idOf(draft)
    await this.#do(() => {
      this.#sql('INSERT OR REPLACE INTO reads VALUES (?, ?, ?)', id, draft, Date.now())
      return []
    })
    await this.#wakeLater()
  }

  /** A sign of life: the READ as it would be now. Says whether the read is open still. */
  async mark(draft: Uint8Array): Promise<boolean> {
    const id = idOf(draft)
    let open = false
    await this.#do(() => {
      open = this.#isOpen(id)
      if (open) this.#sql('UPDATE reads SET draft = ?, seen_ms = ? WHERE id = ?', draft, now(), id)
      return []
    })
    return open
  }

  /** Ends a started read with its group. */
  async end(id: Uint8Array, group: Group): Promise<EndOutcome> {
    let outcome: EndOutcome = 'refused'
    await this.#do(() => {
      if (!this.#isOpen(id)) return []
      this.#sql('DELETE FROM reads WHERE id = ?', id)
      outcome = 'taken'
      return [group]
    })
    return outcome
  }

  /** Takes the group of a read that was not started, or whose start may have failed. */
  async record(group: Group): Promise<EndOutcome> {
    const id = readIdOf(group[0]!)
    let outcome: EndOutcome = 'taken'
    await this.#do(() => {
      // A FETCH that outlived its read comes alone, and under the id of that read.
      if (id === undefined) return [group]
      if (this.#recent.has(keyOf(id))) {
        outcome = 'refused'
        return []
      }
      this.#sql('DELETE FROM reads WHERE id = ?', id)
      return [group]
    })
    if (id !== undefined) this.#remember(id)
    return outcome
  }

  /** Whole frames from the one that holds `fromEntry` on: one, or more within `bytesMax`. */
  async pull(fromEntry: number, bytesMax: number): Promise<PulledFrames> {
    const nextEntry = this.#nextEntry()
    const [oldest] = this.#sql('SELECT first FROM frames ORDER BY first LIMIT 1')
    const firstEntry = Number(oldest?.['first'] ?? nextEntry)
    const frames: { first: number; bytes: Uint8Array }[] = []
    let bytes = 0
    const rows = this.ctx.storage.sql.exec(
      'SELECT first, bytes FROM frames WHERE first + count > ? ORDER BY first',
      fromEntry,
    )
    for (const row of rows) {
      const frame = new Uint8Array(row['bytes'] as ArrayBuffer)
      if (frames.length > 0 && bytes + frame.length > bytesMax) break
      frames.push({ first: Number(row['first']), bytes: frame })
      bytes += frame.length
    }
    return { firstEntry, nextEntry, frames }
  }

  /** Forgets frames whose entries are all before `beforeEntry`: they are in the log. */
  async release(beforeEntry: number): Promise<void> {
    this.#sql('DELETE FROM frames WHERE first + count <= ?', beforeEntry)
    await this.ctx.storage.sync()
  }

  /** Closes reads that have been silent for too long, each as its last mark says, with flag 256. */
  async alarm(): Promise<void> {
    this.#alarmSet = false
    await this.#do(() => {
      const silent = this.#sql(
        'SELECT id, draft FROM reads WHERE seen_ms <= ? ORDER BY seen_ms LIMIT ?',
        now() - this.#silenceMs,
        WORKER_CLOSE_MAX,
      )
      return silent.map(({ id, draft }) => {
        this.#sql('DELETE FROM reads WHERE id = ?', id as ArrayBuffer)
        return [recovered(new Uint8Array(draft as ArrayBuffer))]
      })
    })
    await this.#wakeLater()
  }

  /** Adds a step to the next transaction; resolves when that is durable. */
  #do(step: Step): Promise<void> {
    if (this.#steps.length >= WORKER_PENDING_MAX)
      throw new RangeError(`journal expected <= ${WORKER_PENDING_MAX} calls at once, got more`)
    this.#steps.push(step)
    this.#commit ??= new Promise((resolve) => setTimeout(resolve, JOURNAL_COMMIT_MS)).then(() =>
      this.#flush(),
    )
    return this.#commit
  }

  async #flush(): Promise<void> {
    const steps = this.#steps
    this.#steps = []
    this.#commit = undefined
    try {
      this.ctx.storage.transactionSync(() => {
        for (const step of steps) for (const group of step()) this.#append(group)
        this.#seal()
      })
    } finally {
      this.#builder.reset()
    }
    await this.ctx.storage.sync()
  }

  #append(group: Group): void {
    if (!this.#builder.fits(group.length, groupBytes(group))) this.#seal()
    this.#builder.append(group)
  }

  #seal(): void {
    const { count } = this.#builder
    if (count === 0) return
    const first = this.#nextEntry()
    const frame = this.#builder.seal(first, crc32)
    this.#sql('INSERT INTO frames VALUES (?, ?, ?)', first, count, frame)
    this.#sql('UPDATE next SET entry = ?', first + count)
    this.#builder.reset()
  }

  #nextEntry(): number {
    return Number(this.#sql('SELECT entry FROM next')[0]!['entry'])
  }

  #isOpen(id: Uint8Array): boolean {
    return this.#sql('SELECT 1 FROM reads WHERE id = ?', id).length === 1
  }

  /** Wakes the object when the read that is silent the longest would be closed. */
  async #wakeLater(): Promise<void> {
    if (this.#alarmSet) return
    const [row] = this.#sql('SELECT min(seen_ms) AS seen FROM reads')
    const seenMs = row?.['seen']
    if (seenMs === null || seenMs === undefined) return
    this.#alarmSet = true
    await this.ctx.storage.setAlarm(Math.max(Number(seenMs) + this.#silenceMs, now() + 1))
  }

  /** So that a call tried again, after its answer was lost, counts once. */
  #remember(id: Uint8Array): void {
    this.#recent.set(keyOf(id), true)
    if (this.#recent.size > WORKER_RECENT_MAX)
      this.#recent.delete(this.#recent.keys().next().value!)
  }

  #sql(query: string, ...values: (Uint8Array | ArrayBuffer | number)[]): Row[] {
    return [...this.ctx.storage.sql.exec(query, ...values)]
  }
}

type Row = Readonly<Record<string, ArrayBuffer | Uint8Array | string | number | null>>

function now(): number {
  return Date.now()
}

function idOf(draft: Uint8Array): Uint8Array {
  const id = readIdOf(draft)
  if (id === undefined) throw new TypeError('"draft" expected an encoded READ, got other bytes')
  return id
}

/** The READ that stands for a read of which nothing more was heard. */
function recovered(draft: Uint8Array): Uint8Array {
  const decoded = decodeEntry(draft)
  if (decoded.ok?.kind !== 'read') throw new TypeError('"draft" expected a READ, got other bytes')
  const { entry } = decoded.ok
  return encodeRead({ ...entry, flags: entry.flags | READ_FLAGS.recovered })
}
