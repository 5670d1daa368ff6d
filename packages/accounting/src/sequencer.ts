/**
 * The sequencer: the log's only writer. Gives each journal entry its place, once.
 * Source: design, "Sequencer"; receipts, sections 6.4 and 6.5.
 * @module
 */
import { LOG_ROUND_BYTES_MAX, SEAL_DELAY_MS } from '@turnpike/core/limits/log'
import { encodeSeal } from '@turnpike/core/log/encode'
import { encodeRows, rowsPath, summaryRoot } from '@turnpike/core/log/summary'
import type { NoteSigner } from '@turnpike/core/note/note'
import { AnchorConflict } from '@turnpike/core/ports/anchor'
import type { JournalSource } from '@turnpike/core/ports/log'
import { CommitConflict } from '@turnpike/core/ports/log-store'
import type { LogFile, LogStore } from '@turnpike/core/ports/log-store'
import type { Clock, Hasher, Random } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Awaitable, Result } from '@turnpike/core/result'
import { CHECKPOINT_PATH, checkpointFile, refuseBehind, samePublished } from './checkpoint.ts'
import { epochEndMs, epochOf } from '@turnpike/core/billing/epoch'
import { EpochCount } from './epoch-count.ts'
import { BadJournalEntry, ClockJumped, LogCorrupt } from './errors.ts'
import { takeEntries } from './intake.ts'
import type { Intake } from './intake.ts'
import type { LogGuard } from './epochs/guard.ts'
import { LogClock } from './log-clock.ts'
import { LogReader } from './reader.ts'
import { RightEdge, checkEdge } from './right-edge.ts'
import { decodeState, emptyState, encodeState } from './state.ts'
import type { LogState, OpenEpoch } from './state.ts'

/** What a sequencer works with. */
export interface SequencerDeps {
  readonly store: LogStore
  /** The journals there are now: new ones may appear, none may go before it is read. */
  readonly journals: () => Awaitable<readonly JournalSource[]>
  readonly clock: Clock
  /** The log's time is never less than this, in ms: what is closed stays as it is. */
  readonly floorMs?: () => number
  readonly random: Random
  readonly hasher: Hasher
  /** Signs checkpoints; its name is the log's. */
  readonly signer: NoteSigner
  /** Knows what else was signed of the log, and what anchors say. */
  readonly guard?: LogGuard
  /** After how many entries the open epoch's sums are kept; 262,144 when not given. */
  readonly countedEveryEntries?: number
}

/** What a round did. */
export interface Round {
  /** Entries taken from journals. */
  readonly entries: number
  /** The epoch that was sealed before them, if any. */
  readonly sealed: number | undefined
  /** Whether a journal may hold more than the round took. */
  readonly more: boolean
  /** The log after it. */
  readonly state: LogState
}

/** Why a round did nothing, or stopped between two commits. */
export type RoundFault =
  | ClockJumped
  | BadJournalEntry
  | CommitConflict
  | LogCorrupt
  | AnchorConflict

/** The log as the sequencer last saw it committed. */
interface Head {
  readonly version: number
  readonly state: LogState
}

/**
 * Moves entries from journals into the log, in rounds of one commit (and one more for a SEAL).
 *
 * A fault at any step leaves what was committed and nothing else: the sequencer forgets what it
 * held, and the next round starts from the store as a new process would. Rounds don't overlap.
 *
 * @example
 * const sequencer = new Sequencer(deps)
 * const { ok: round, error } = await sequencer.round()
 */
export class Sequencer {
  readonly #deps: SequencerDeps
  readonly #clock: LogClock
  #head: Head | undefined
  #count: EpochCount
  /** Whether checkpoint and journals are known to be where the head is. */
  #settled = false
  #busy = false

  constructor(deps: SequencerDeps) {
    this.#deps = deps
    this.#clock = new LogClock(deps.clock)
    this.#count = new EpochCount(deps.countedEveryEntries)
  }

  /**
   * One round: seals the open epoch if its time has come, takes what the journals have (about
   * 8 MiB at most), commits, publishes, and lets journal files go. Rejects when the store or a
   * journal does; whether that write took place is found out by the next round.
   *
   * @throws {TypeError} when a round is under way
   */
  async round(): Promise<Result<Round, RoundFault>> {
    if (this.#busy) throw new TypeError('round expected to be called alone, got two at once')
    this.#busy = true
    let done = false
    try {
      const round = await this.#round()
      done = true
      return ok(round)
    } catch (error) {
      if (isFault(error)) return fail(error)
      throw error
    } finally {
      this.#busy = false
      if (!done) this.#forget()
    }
  }

  /** An operator confirms that the clock is right: the next round takes it as it is. */
  confirmClock(): void {
    this.#clock.confirm()
  }

  async #round(): Promise<Round> {
    const standstill = await this.#deps.guard?.standstill()
    if (standstill !== undefined) throw standstill
    let head = (this.#head ??= await this.#load())
    const nowMs = this.#now(head.state)
    const journals = await this.#deps.journals()
    const intake = await takeEntries(journals, this.#reader(head.state), LOG_ROUND_BYTES_MAX)
    const { open } = head.state
    const sealed = open !== null && isOver(open, nowMs, intake) ? open.epoch : undefined
    if (sealed !== undefined) head = await this.#seal(head, nowMs)
    if (intake.entries.length > 0) head = await this.#append(head, nowMs, intake)
    await this.#settle(head.state, journals)
    const { entries, more } = intake
    return { entries: entries.length, sealed, more, state: head.state }
  }

  /** Ends the open epoch: its SEAL is its last entry, and a commit of its own. */
  async #seal(head: Head, nowMs: number): Promise<Head> {
    const { random, hasher } = this.#deps
    const { state } = head
    const { epoch, first, firstRoot } = state.open!
    const rows = await this.#count.rows(this.#reader(state), random)
    const end = state.size + 1
    const seal = encodeSeal({
      epoch,
      previousEpoch: state.sealed?.epoch ?? null,
      first,
      end,
      summaryRoot: summaryRoot(hasher, rows),
      previousRoot: firstRoot,
      sealed: nowMs,
    })
    const edge = new RightEdge(hasher, state)
    // The rows come with the tiles, before the commit. A crash in between leaves rows that no SEAL
    // names; the next attempt writes them anew, with new salts.
    const files = [{ path: rowsPath(epoch), bytes: encodeRows(rows) }, ...edge.append(seal)]
    const next = {
      ...state,
      ...edge.snapshot(),
      clockMs: nowMs,
      open: null,
      sealed: { epoch, end },
    }
    const sealed = await this.#commit(head, files, next)
    this.#count.endEpoch()
    return sealed
  }

  async #append(head: Head, nowMs: number, intake: Intake): Promise<Head> {
    const { state } = head
    const edge = new RightEdge(this.#deps.hasher, state)
    const files = intake.entries.flatMap(({ bytes }) => edge.append(bytes))
    const open = state.open ?? this.#openEpoch(state, nowMs)
    const journals = new Map([...state.journals, ...intake.positions])
    const next = { ...state, ...edge.snapshot(), clockMs: nowMs, open, journals }
    const appended = await this.#commit(head, files, next)
    // Only what is committed is counted.
    for (const { logged, voided } of intake.entries) this.#count.add(logged, voided)
    await this.#count.keep(this.#reader(appended.state))
    return appended
  }

  #openEpoch(state: LogState, nowMs: number): OpenEpoch {
    const epoch = epochOf(nowMs)
    if (state.sealed !== null && epoch <= state.sealed.epoch)
      throw new RangeError(`"epoch" expected > ${state.sealed.epoch}, got ${epoch}`)
    return { epoch, first: state.size, firstRoot: state.root }
  }

  async #commit(head: Head, files: readonly LogFile[], state: LogState): Promise<Head> {
    const { store, hasher } = this.#deps
    this.#settled = false
    await store.put(files)
    // Crash here: files beyond the committed size, which the next round writes anew.
    const committed = await store.compareAndSwap(head.version, encodeState(hasher, state))
    if (committed.error !== undefined) throw committed.error
    // Crash here: entries are in the log, with their journals' positions. The checkpoint is old and
    // the journal files are still there, which is what `#settle` mends, now or after a restart.
    this.#head = { version: head.version + 1, state }
    return this.#head
  }

  /** Publishes the head and lets go of journal files whose entries are in it. */
  async #settle(state: LogState, journals: readonly JournalSource[]): Promise<void> {
    if (this.#settled) return
    const { store, signer, hasher } = this.#deps
    const checkpoint = await checkpointFile(state, signer, hasher)
    if (!samePublished(await store.get(checkpoint.path), checkpoint)) await store.put([checkpoint])
    // Crash here: journal files that hold only what is in the log; their positions skip them.
    for (const journal of journals) {
      const position = state.journals.get(journal.name)
      if (position !== undefined) await journal.release(position)
    }
    this.#settled = true
  }

  async #load(): Promise<Head> {
    const { store, hasher, guard } = this.#deps
    const committed = await store.load()
    const state =
      committed === undefined ? emptyState(hasher) : decodeState(hasher, committed.bytes)
    refuseBehind(await store.get(CHECKPOINT_PATH), state)
    if (committed !== undefined) await checkEdge(store, hasher, state)
    await guard?.check({ store, hasher, state })
    return { version: committed?.version ?? 0, state }
  }

  #now(state: LogState): number {
    const now = this.#clock.read(Math.max(state.clockMs, this.#deps.floorMs?.() ?? 0))
    if (now.error !== undefined) throw now.error
    return now.ok
  }

  #reader(state: LogState): LogReader {
    return new LogReader(this.#deps.store, this.#deps.hasher, state)
  }

  #forget(): void {
    this.#head = undefined
    this.#count = new EpochCount(this.#deps.countedEveryEntries)
    this.#settled = false
  }
}

/** Whether an epoch ends now: entries for a later one are here, or its time is long over. */
function isOver(open: OpenEpoch, nowMs: number, intake: Intake): boolean {
  if (intake.entries.length > 0) return epochOf(nowMs) > open.epoch
  return nowMs >= epochEndMs(open.epoch) + SEAL_DELAY_MS
}

function isFault(error: unknown): error is RoundFault {
  return (
    error instanceof ClockJumped ||
    error instanceof BadJournalEntry ||
    error instanceof CommitConflict ||
    error instanceof LogCorrupt ||
    error instanceof AnchorConflict
  )
}
