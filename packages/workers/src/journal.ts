/**
 * The `Journal` port in a Worker, by way of a journal object.
 * @module
 */
import { MARK_BYTES, MARK_MS } from '@turnpike/core/limits/log'
import { WORKER_END_RETRY_MS, WORKER_RETRY_PAUSE_MS } from '@turnpike/core/limits/workers'
import { encodeRead } from '@turnpike/core/log/encode'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { Journal, OpenRead } from '@turnpike/core/ports/journal'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { EndOutcome } from './journal-object.ts'

/** The part of a journal object that writers call. */
export interface JournalStub {
  start(draft: Uint8Array): Promise<void>
  mark(draft: Uint8Array): Promise<boolean>
  end(id: Uint8Array, group: readonly Uint8Array[]): Promise<EndOutcome>
  record(group: readonly Uint8Array[]): Promise<EndOutcome>
}

/** What a journal is made of. */
export interface WorkerJournalOptions {
  /** A new stub of this isolate's shard: one that failed stays broken. */
  readonly stub: () => JournalStub
  readonly clock: Clock
  /** Keeps the request alive while an entry of it is on its way. */
  readonly keepAlive: (work: Promise<unknown>) => void
  /** Hears of an entry that could not be delivered, or came too late. */
  readonly onLost: (reason: 'unreachable' | 'refused', error?: unknown) => void
  /** Longest time between two signs of life of a read. */
  readonly markMs?: number
  readonly retryMs?: number
}

/**
 * Sends what is recorded to the isolate's shard. `start` resolves when the object holds the read
 * durably, and rejects when it does not: then nothing may be answered. There is always room here:
 * it is the object that may have none.
 *
 * @example
 * const journal = new WorkerJournal({ stub, clock, keepAlive: waitUntil, onLost })
 * const settled = journal.during(() => body.settle(delivery))
 */
export class WorkerJournal implements Journal {
  readonly #options: WorkerJournalOptions
  #sent: Promise<boolean>[] = []

  constructor(options: WorkerJournalOptions) {
    this.#options = options
  }

  admit(): OpenRead {
    return new ShardRead(this.#options, (sending) => {
      this.#sent.push(sending)
      this.#options.keepAlive(sending)
    })
  }

  /**
   * Runs `settle`; resolves when the entries that it ended are durable, or given up, and says
   * whether all are durable.
   */
  async during(settle: () => void): Promise<boolean> {
    this.#sent = []
    settle()
    const sent = this.#sent
    this.#sent = []
    return (await Promise.all(sent)).every((durable) => durable)
  }
}

class ShardRead implements OpenRead {
  readonly #options: WorkerJournalOptions
  readonly #send: (sending: Promise<boolean>) => void
  #draft: ReadEntry | undefined
  #started = false
  #markedBytes = 0
  #markedMs = 0
  #marking = false
  #closed = false
  #waiting: { readonly bytes: number; readonly nowMs: number } | undefined
  #ended = false

  constructor(options: WorkerJournalOptions, send: (sending: Promise<boolean>) => void) {
    this.#options = options
    this.#send = send
  }

  async start(read: ReadEntry): Promise<void> {
    this.#draft = read
    this.#markedMs = read.ts
    const draft = encodeRead(read)
    await this.#options
      .stub()
      .start(draft)
      .catch(() => this.#options.stub().start(draft))
    this.#started = true
  }

  /**
   * One mark is on its way at a time; the last that is due meanwhile follows it.
   *
   * @throws {Error} when the object has closed the read: what goes out now would go unrecorded
   */
  mark(bytes: number, nowMs: number): void {
    const { markMs = MARK_MS } = this.#options
    if (this.#closed) throw new Error('journal expected an open read, closed it for its silence')
    const grown = bytes - this.#markedBytes >= MARK_BYTES
    const due = grown || Math.abs(nowMs - this.#markedMs) >= markMs
    if (!due || this.#ended || this.#draft === undefined) return
    if (this.#marking) {
      this.#waiting = { bytes, nowMs }
      return
    }
    this.#markedBytes = bytes
    this.#markedMs = nowMs
    this.#marking = true
    void this.#sendMark({ ...this.#draft, ts: nowMs, bytes: BigInt(bytes) })
  }

  /** A mark that fails is made good by the next one, or by the end. */
  async #sendMark(read: ReadEntry): Promise<void> {
    try {
      this.#closed = !(await this.#options.stub().mark(encodeRead(read)))
    } catch {
      // The next one tells more.
    }
    this.#marking = false
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined && !this.#closed) this.mark(waiting.bytes, waiting.nowMs)
  }

  end(entries: readonly Uint8Array[]): void {
    if (this.#ended) throw new TypeError('"end" expected to be called once, got a second call')
    this.#ended = true
    if (entries.length > 0) this.#send(this.#deliver(entries))
  }

  async #deliver(entries: readonly Uint8Array[]): Promise<boolean> {
    const { clock, stub, onLost, retryMs = WORKER_END_RETRY_MS } = this.#options
    const id = this.#draft?.id
    const untilMs = clock.monotonicMs() + retryMs
    for (let pauseMs = WORKER_RETRY_PAUSE_MS; ; pauseMs *= 2) {
      try {
        const shard = stub()
        const started = this.#started && id !== undefined
        const outcome = await (started ? shard.end(id, entries) : shard.record(entries))
        // After a first try whose answer was lost, a refusal may mean that it was taken.
        if (outcome === 'refused' && pauseMs === WORKER_RETRY_PAUSE_MS) onLost('refused')
        return true
      } catch (error) {
        if (clock.monotonicMs() + pauseMs > untilMs) {
          onLost('unreachable', error)
          return false
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}
