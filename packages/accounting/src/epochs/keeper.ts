/**
 * The keeper of epochs: leads each from its SEAL to its credits.
 * Source: receipts, section 6.5.
 *
 * Every step writes down what it is about to do, or did, before anybody is told; each begins with
 * what is written down. So a crash anywhere loses no step and takes none twice.
 * @module
 */
import { epochOf } from '@turnpike/core/billing/epoch'
import type { JsonObject } from '@turnpike/core/epochs/signed-line'
import { finalPath } from '@turnpike/core/epochs/final-file'
import { EPOCH_FILES_CHECK_MS, EPOCHS_STEP_MAX } from '@turnpike/core/limits/receipts'
import { AnchorConflict } from '@turnpike/core/ports/anchor'
import type { Anchor, AnchorFault, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type { CreditIssuer } from '@turnpike/core/ports/credit-issuer'
import type { EpochRecord, SealedStatement } from '@turnpike/core/ports/epoch-store'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { LogCorrupt } from '../errors.ts'
import { LogReader } from '../reader.ts'
import { SealChain } from '../seal-chain.ts'
import type { LogState } from '../state.ts'
import { anchorTurn } from './anchor-turn.ts'
import type { AnchorEvery } from './anchor-turn.ts'
import { EpochPublisher } from './publisher.ts'
import type { PublisherDeps } from './publisher.ts'
import { sealedStatement, summaryRows } from './statements.ts'

/** What a keeper works with. */
export interface KeeperDeps extends PublisherDeps {
  readonly log: LogStore
  /** At least one; an epoch is final when it is so by all of them. */
  readonly anchors: readonly Anchor[]
  readonly every: AnchorEvery
  readonly credits: CreditIssuer
  readonly clock: Clock
}

/** What a step did. */
export interface KeeperStep {
  /** Epochs that were batched, and those that became final. */
  readonly batched: number
  readonly final: number
  /** Anchors that could not be asked or sent to. */
  readonly unavailable: readonly { readonly anchor: string; readonly fault: AnchorUnavailable }[]
  /** Whether there is more to do at once: call again. */
  readonly more: boolean
}

/**
 * Keeps the epochs of one log. Steps don't overlap; whatever one threw, the next begins with what
 * was written down.
 *
 * @example
 * const keeper = new EpochKeeper(deps)
 * const { ok: step, error } = await keeper.step(state)
 */
export class EpochKeeper {
  readonly #deps: KeeperDeps
  readonly #publisher: EpochPublisher
  readonly #chain = new SealChain()
  /** Names of anchors that agreed with the log since the start. */
  readonly #agreed = new Set<string>()
  #lookedMs: number | undefined

  constructor(deps: KeeperDeps) {
    if (deps.anchors.length === 0) throw new RangeError('"anchors" expected one or more, got none')
    this.#deps = deps
    this.#publisher = new EpochPublisher(deps)
  }

  /**
   * One step for the log as of `state`: batches what is sealed, lets each anchor have its turn, and
   * makes final what all of them hold for good; a bounded number of epochs each.
   *
   * @returns an {@link AnchorConflict} when an anchor holds what the log is not. It is written
   * down, and nothing may go on before somebody has looked.
   */
  async step(state: LogState): Promise<Result<KeeperStep, AnchorConflict | LogCorrupt>> {
    try {
      const batched = await this.#batch(state)
      const unavailable = await this.#anchor(state)
      if (unavailable instanceof AnchorConflict) return fail(unavailable)
      const final = await this.#finalize()
      const isLooked = await this.#look()
      const more = !isLooked || batched === EPOCHS_STEP_MAX || final === EPOCHS_STEP_MAX
      return ok({ batched, final, unavailable, more })
    } catch (error) {
      if (error instanceof LogCorrupt) return fail(error)
      throw error
    }
  }

  /** Takes sealed epochs into the records: their files come after, and again if they are gone. */
  async #batch(state: LogState): Promise<number> {
    const { store, log, hasher, signer } = this.#deps
    const last = await store.last()
    const from = last?.statement.end ?? 0
    if ((state.sealed?.end ?? 0) <= from) return 0
    const reader = new LogReader(log, hasher, state)
    const ranges = await this.#chain.sealedFrom(reader, from)
    const sealed: SealedStatement[] = []
    for (const { end } of ranges.slice(0, EPOCHS_STEP_MAX))
      sealed.push(await sealedStatement(reader, end, signer))
    await store.batch(sealed)
    await this.#publish(sealed[0]!.statement.epoch, sealed.length)
    return sealed.length
  }

  async #anchor(state: LogState): Promise<KeeperStep['unavailable'] | AnchorConflict> {
    const { store, anchors, clock } = this.#deps
    const unavailable: { anchor: string; fault: AnchorUnavailable }[] = []
    for (const anchor of anchors) {
      const fault = (await this.#disagreement(anchor, state)) ?? (await this.#turn(anchor, state))
      if (fault instanceof AnchorConflict) {
        const { message } = fault
        await store.conflicted({ anchor: anchor.name, message, sinceMs: clock.nowMs() })
        return fault
      }
      if (fault !== undefined) unavailable.push({ anchor: anchor.name, fault })
    }
    return unavailable
  }

  /** Asks an anchor once whether it agrees with the log, when there is something to agree on. */
  async #disagreement(anchor: Anchor, { size }: LogState): Promise<AnchorFault | undefined> {
    if (this.#agreed.has(anchor.name)) return undefined
    const newest = await this.#deps.store.last()
    if (newest === undefined) return undefined
    const agrees = await anchor.check?.(newest.statement, size)
    if (agrees?.error === undefined) this.#agreed.add(anchor.name)
    return agrees?.error
  }

  #turn(anchor: Anchor, { clockMs }: LogState): Promise<AnchorFault | undefined> {
    const { store, every, clock } = this.#deps
    return anchorTurn({
      store,
      anchor,
      every,
      nowEpoch: epochOf(Math.max(clock.nowMs(), clockMs)),
      publish: (records) => this.#publisher.publish(records),
    })
  }

  /** Makes epochs final, oldest first, and issues their credits in the same moment. */
  async #finalize(): Promise<number> {
    const records = await this.#deps.store.finalizable(EPOCHS_STEP_MAX)
    for (const { statement } of records) await this.#finalizeOne(statement)
    const first = records[0]
    if (first !== undefined) await this.#publish(first.statement.epoch, records.length)
    return records.length
  }

  async #finalizeOne(statement: EpochRecord['statement']): Promise<void> {
    const { store, credits, log, hasher } = this.#deps
    const { epoch } = statement
    const rows = await summaryRows(log, hasher, statement)
    // Of records that are of an older copy: anchors that were asked again may prove it otherwise.
    const before = await this.#publisher.finalBefore(epoch)
    const issue = (): JsonObject => {
      const issuance = credits.issue({ statement, rows })
      if (before !== undefined) refuseOther(epoch, before.issuance, issuance)
      return issuance
    }
    await store.finalize(epoch, issue, before?.anchors)
  }

  async #publish(epoch: number, count: number): Promise<void> {
    await this.#publisher.publish(await this.#deps.store.list(epoch, count))
  }

  /** Compares all files with the records: at the start, and once a day. */
  async #look(): Promise<boolean> {
    const nowMs = this.#deps.clock.monotonicMs()
    if (this.#lookedMs !== undefined && nowMs - this.#lookedMs >= EPOCH_FILES_CHECK_MS) {
      this.#publisher.lookAgain()
      this.#lookedMs = undefined
    }
    if (!(await this.#publisher.look())) return false
    this.#lookedMs ??= nowMs
    return true
  }
}

/** Credits that were published for an epoch are those that are issued, or none are. */
function refuseOther(epoch: number, before: JsonObject, issuance: JsonObject): void {
  if (JSON.stringify(issuance) === JSON.stringify(before)) return
  throw new LogCorrupt(
    `receipts/${finalPath(epoch)}`,
    'issuance',
    'expected what would be issued now, got something else that the log has signed: the records ' +
      'are of an older copy',
  )
}
