/**
 * The cold path as one: journals into the log, the log into the ledger, answers from there.
 * @module
 */
import type { Ledger } from '@turnpike/core/ports/ledger'
import { WatermarkMoved } from '@turnpike/core/ports/ledger'
import { CATCH_UP_ROUNDS_MAX } from '@turnpike/core/limits/log'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { LedgerAhead, LogCorrupt } from './errors.ts'
import { LogReader } from './reader.ts'
import { LedgerFeed } from './roll-up.ts'
import { EntryDropper } from './retention/drop-entries.ts'
import type { DropQuery, Dropped } from './retention/drop-entries.ts'
import { Sequencer } from './sequencer.ts'
import type { Round, RoundFault, SequencerDeps } from './sequencer.ts'
import type { LogState } from './state.ts'
import { epochsOf, usageAnswer } from './usage.ts'
import type { UsageAnswer, UsageQuery } from './usage.ts'

/** What accounting works with. */
export interface AccountingDeps extends SequencerDeps {
  readonly ledger: Ledger
  /** Rounds of one call; 4,096 when not given, 32 GiB of journal. */
  readonly roundsMax?: number
}

/** Why accounting stands still. */
export type AccountingFault = RoundFault | LedgerAhead | WatermarkMoved

/** What catching up did. */
export interface CaughtUp {
  /** Entries that were taken from journals. */
  readonly entries: number
  /** Epochs that were sealed. */
  readonly sealed: number
  /** Entries in the log. */
  readonly size: number
  /** Whether it stopped at its bound of rounds: call again. */
  readonly more: boolean
}

/**
 * Sequencer and ledger over one log. Calls may overlap; they run one after the other.
 *
 * @example
 * const accounting = new Accounting(deps)
 * const { ok: usage, error } = await accounting.usage({ by: 'day' })
 */
export class Accounting {
  readonly #deps: AccountingDeps
  readonly #sequencer: Sequencer
  readonly #feed: LedgerFeed
  readonly #dropper: EntryDropper
  /** The log as the last round left it. */
  #state: LogState | undefined
  /** Ends when the calls made so far have. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: AccountingDeps) {
    this.#deps = deps
    this.#sequencer = new Sequencer(deps)
    this.#feed = new LedgerFeed(deps.ledger)
    this.#dropper = new EntryDropper(deps.store, deps.hasher, deps.ledger)
  }

  /** Takes everything that is durable in the journals now into log and ledger. */
  catchUp(): Promise<Result<CaughtUp, AccountingFault>> {
    return this.#inTurn(() => this.#catchUp())
  }

  /**
   * Catches up, then runs `work` while log and ledger stand still: what it reads is of one moment.
   * Journals go on, and are counted after it.
   */
  settled<T extends NonNullable<unknown>>(
    work: (log: LogState, caughtUp: CaughtUp) => Promise<T>,
  ): Promise<Result<T, AccountingFault>> {
    return this.#inTurn(async () => {
      const caughtUp = await this.#catchUp()
      return caughtUp.error === undefined ? ok(await work(this.#state!, caughtUp.ok)) : caughtUp
    })
  }

  /** Catches up, then answers. */
  usage(query: UsageQuery): Promise<Result<UsageAnswer, AccountingFault>> {
    return this.#inTurn(async () => {
      const caughtUp = await this.#catchUp()
      if (caughtUp.error !== undefined) return caughtUp
      const { ledger } = this.#deps
      const answer = await ledger.query({ ...epochsOf(query), by: query.by })
      return ok(usageAnswer(query, answer, caughtUp.ok))
    })
  }

  /** Empties the ledger and counts the whole log again. */
  rebuild(): Promise<Result<CaughtUp, AccountingFault>> {
    return this.#inTurn(async () => {
      await this.#deps.ledger.clear()
      return this.#catchUp()
    })
  }

  /** Catches up, then lets old entries go: some at a time. */
  dropEntries(query: DropQuery): Promise<Result<Dropped, AccountingFault>> {
    return this.#inTurn(async () => {
      const caughtUp = await this.#catchUp()
      if (caughtUp.error !== undefined) return caughtUp
      try {
        return ok(await this.#dropper.drop(query))
      } catch (error) {
        if (error instanceof LogCorrupt) return fail(error)
        throw error
      }
    })
  }

  /** An operator confirms that the clock is right, after a `ClockJumped`. */
  confirmClock(): void {
    this.#sequencer.confirmClock()
  }

  async #catchUp(): Promise<Result<CaughtUp, AccountingFault>> {
    let entries = 0
    let sealed = 0
    const { roundsMax = CATCH_UP_ROUNDS_MAX } = this.#deps
    // Bounded, since journals may grow as fast as they are read.
    for (let rounds = 1; ; rounds++) {
      const { ok: round, error } = await this.#sequencer.round()
      if (round === undefined) return fail(error)
      entries += round.entries
      if (round.sealed !== undefined) sealed++
      this.#state = round.state
      const fault = await this.#feedLedger(round)
      if (fault !== undefined) return fail(fault)
      if (!round.more || rounds >= roundsMax)
        return ok({ entries, sealed, size: round.state.size, more: round.more })
    }
  }

  async #feedLedger(round: Round): Promise<AccountingFault | undefined> {
    const { store, hasher } = this.#deps
    try {
      await this.#feed.catchUp(new LogReader(store, hasher, round.state))
      return undefined
    } catch (error) {
      if (error instanceof LedgerAhead) return error
      if (error instanceof WatermarkMoved || error instanceof LogCorrupt) return error
      throw error
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}
