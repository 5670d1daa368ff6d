/**
 * Hands the journals of this host on to another, which counts them: batch by batch, until each
 * group is acknowledged. Instead of a sequencer.
 * @module
 */
import { fittingGroups } from '@turnpike/core/handover/batch'
import {
  BATCH_PAYLOAD_BYTES_MAX,
  HAND_ON_BATCHES_MAX,
  HAND_ON_RETRY_MS,
  HAND_ON_RETRY_MS_MAX,
} from '@turnpike/core/limits/inbox'
import type { Groups } from '@turnpike/core/log/frame'
import type { InboxVerdict } from '@turnpike/core/ports/inbox'
import type { JournalSource } from '@turnpike/core/ports/log'
import { fail, ok } from '@turnpike/core/result'
import type { Awaitable, Result } from '@turnpike/core/result'
import { deliver } from './deliver.ts'
import type { DeliverDeps, HandOnFailed } from './deliver.ts'

/** A group that the other host will never take, as it is kept here. */
export interface RefusedGroup {
  readonly journal: string
  /** Number of its first entry. */
  readonly entry: number
  readonly reason: string
  readonly entries: readonly Uint8Array[]
}

/** Remembers how far each journal was handed on. */
export interface HandedPositions {
  /** Entries of a journal that need not be handed on any more. */
  get(journal: string): Awaitable<number>
  /** Moves a journal's position and keeps what was refused, durably, both or neither. */
  settle(journal: string, nextEntry: number, refused: readonly RefusedGroup[]): Awaitable<void>
}

/** What handing on works with. */
export interface HandOnDeps extends DeliverDeps {
  readonly journals: () => Awaitable<readonly JournalSource[]>
  readonly positions: HandedPositions
  /** Batches of one call; 8,192 when not given. */
  readonly batchesMax?: number
}

/** What one call did: groups by what became of them, and entries altogether. */
export interface HandedOn {
  readonly entries: number
  readonly counted: number
  /** Groups that the other host had already: of batches whose answer was lost. */
  readonly seen: number
  readonly refused: number
  /** Whether it stopped at its bound of batches: call again. */
  readonly more: boolean
}

type Tally = { -readonly [K in 'entries' | 'counted' | 'seen' | 'refused']: number }

/**
 * Hands journals on. Only what was not acknowledged is sent again, from the same position, so that
 * a lost answer costs one batch; the other host tells what it has seen. After a failure there is a
 * pause, twice as long each time, up to a minute.
 *
 * @example
 * const { ok: handed, error } = await new HandOn(deps).catchUp(signal)
 */
export class HandOn {
  readonly #deps: HandOnDeps
  #failed: { readonly error: HandOnFailed; readonly untilMs: number } | undefined
  #pauseMs = 0
  /** Monotonic ms at which all journals had been handed on; the start before that. */
  #caughtUpMs: number

  constructor(deps: HandOnDeps) {
    this.#deps = deps
    this.#caughtUpMs = deps.clock.monotonicMs()
  }

  /** For how long there has been something that was not handed on, in ms; 0 for nothing. */
  get lagMs(): number {
    return this.#failed === undefined ? 0 : this.#deps.clock.monotonicMs() - this.#caughtUpMs
  }

  /** Hands on what is durable in the journals now. Calls must not overlap. */
  async catchUp(signal: AbortSignal): Promise<Result<HandedOn, HandOnFailed>> {
    const { clock } = this.#deps
    if (this.#failed !== undefined && clock.monotonicMs() < this.#failed.untilMs)
      return fail(this.#failed.error)
    const { ok: handed, error } = await this.#catchUp(signal)
    if (handed === undefined) {
      this.#pauseMs = Math.min(HAND_ON_RETRY_MS_MAX, 2 * this.#pauseMs || HAND_ON_RETRY_MS)
      this.#failed = { error, untilMs: clock.monotonicMs() + this.#pauseMs }
      return fail(error)
    }
    this.#pauseMs = 0
    this.#failed = undefined
    if (!handed.more) this.#caughtUpMs = clock.monotonicMs()
    return ok(handed)
  }

  async #catchUp(signal: AbortSignal): Promise<Result<HandedOn, HandOnFailed>> {
    const tally: Tally = { entries: 0, counted: 0, seen: 0, refused: 0 }
    const { batchesMax = HAND_ON_BATCHES_MAX } = this.#deps
    let journals = await this.#deps.journals()
    // In turns, so that a busy journal keeps none waiting; bounded, since they may grow meanwhile.
    for (let batches = 0; journals.length > 0;) {
      const busy: JournalSource[] = []
      for (const journal of journals) {
        const { ok: had, error } = await this.#handOn(journal, tally, signal)
        if (had === undefined) return fail(error)
        if (!had.some) continue
        busy.push(journal)
        if (++batches >= batchesMax) return ok({ ...tally, more: true })
      }
      journals = busy
    }
    return ok({ ...tally, more: false })
  }

  /** Hands one batch of a journal on; `some` is whether there was anything. */
  async #handOn(
    journal: JournalSource,
    tally: Tally,
    signal: AbortSignal,
  ): Promise<Result<{ readonly some: boolean }, HandOnFailed>> {
    const { positions } = this.#deps
    const { name } = journal
    const first = Math.max(await positions.get(name), journal.firstEntry ?? 0)
    const read = await journal.read(first, BATCH_PAYLOAD_BYTES_MAX)
    if (read.groups.length === 0) return ok({ some: false })
    const groups = read.groups.slice(0, fittingGroups(read.groups))
    const place = { journal: name, first }
    const { ok: verdicts, error } = await deliver(place, groups, this.#deps, signal)
    if (verdicts === undefined) return fail(error)
    const nextEntry = entryAfter(first, groups, verdicts.length)
    await positions.settle(name, nextEntry, refusedOf(name, first, groups, verdicts))
    for (const { kind } of verdicts) tally[kind]++
    tally.entries += nextEntry - first
    // Crash here: files that hold only what was acknowledged; the position skips them.
    await journal.release(nextEntry)
    return ok({ some: true })
  }
}

function entryAfter(first: number, groups: Groups, count: number): number {
  return groups.slice(0, count).reduce((sum, { length }) => sum + length, first)
}

function refusedOf(
  journal: string,
  first: number,
  groups: Groups,
  verdicts: readonly InboxVerdict[],
): readonly RefusedGroup[] {
  const refused: RefusedGroup[] = []
  let entry = first
  for (const [i, verdict] of verdicts.entries()) {
    const entries = groups[i]!
    if (verdict.kind === 'refused')
      refused.push({ journal, entry, reason: verdict.reason, entries })
    entry += entries.length
  }
  return refused
}
