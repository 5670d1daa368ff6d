/**
 * Port of the records of epochs: which are batched, what was sent to anchors, which are final.
 * They are primary: files below `receipts/` are made from them.
 * @module
 */
import type { Anchoring } from '../epochs/anchor-file.ts'
import type { FinalAnchoring } from '../epochs/final-file.ts'
import type { JsonObject } from '../epochs/signed-line.ts'
import type { AnchoringState, EpochState } from '../epochs/state.ts'
import type { Awaitable } from '../result.ts'
import type { AnchorIntent, AnchorProof, EpochStatement } from './anchor.ts'

/** A sealed epoch as it comes into the records. */
export interface SealedStatement {
  readonly statement: EpochStatement
  /** When its SEAL was made: ms on the log's clock. */
  readonly sealedMs: number
}

/** An epoch in the records. */
export interface EpochRecord extends SealedStatement {
  /** The least of its standings by the deployment's anchors, unless it is final already. */
  readonly state: Exclude<EpochState, 'pending'>
  /** By each anchor that was ever sent it, those first that the deployment has, in their order. */
  readonly anchorings: readonly Anchoring[]
  /** Set when it is final: by which anchors, and what was issued. It never changes. */
  readonly final:
    | { readonly anchors: readonly FinalAnchoring[]; readonly issuance: JsonObject }
    | undefined
}

/** How far epochs are. Each number is of an epoch; all before it are as far. */
export interface EpochProgress {
  readonly batchedThrough: number | undefined
  readonly anchoredThrough: number | undefined
  readonly finalThrough: number | undefined
  /** How many there are in each state. */
  readonly counts: Readonly<Record<Exclude<EpochState, 'pending'>, number>>
  /** When the oldest that is not anchored yet was sealed; undefined when there is none. */
  readonly oldestSealedMs: number | undefined
}

/** An intent in the records. Those of one anchor follow each other, without gaps or overlap. */
export interface StoredIntent {
  readonly anchor: string
  readonly intent: AnchorIntent
  readonly state: AnchoringState
  readonly proof: AnchorProof | null
}

/** What an anchor said that the log is not. */
export interface StoredConflict {
  readonly anchor: string
  readonly message: string
  /** Wall-clock ms. */
  readonly sinceMs: number
}

/**
 * Records of one log's epochs. There is one writer; readers may be many. What a call wrote is
 * durable when it returns, all of it or, when it throws, nothing.
 */
export interface EpochStore {
  /** The newest epoch that is batched. */
  last(): Awaitable<EpochRecord | undefined>
  /** One epoch, by its number. */
  get(epoch: number): Awaitable<EpochRecord | undefined>
  /** Epochs from `from` on, oldest first; at most `countMax`. */
  list(from: number, countMax: number): Awaitable<readonly EpochRecord[]>
  /** How far epochs are. */
  progress(): Awaitable<EpochProgress>

  /**
   * Takes in epochs that are batched, oldest first.
   *
   * @throws {RangeError} when the first does not follow the last, or they don't follow each other
   */
  batch(sealed: readonly SealedStatement[]): Awaitable<void>

  /** Epochs after all intents of this anchor, oldest first. */
  due(anchor: string, countMax: number): Awaitable<readonly EpochRecord[]>
  /** Intents of this anchor that are not final, oldest first. */
  intents(anchor: string): Awaitable<readonly StoredIntent[]>
  /**
   * Stores an intent as `sent`: for the oldest epochs that are due, or in place of the one for
   * just these epochs.
   *
   * @throws {RangeError} when it is for other epochs, or of more than 64 KiB
   */
  intend(anchor: string, intent: AnchorIntent): Awaitable<void>
  /**
   * Writes down what became of intents, by the first epoch of each. A final one is not asked
   * about any more.
   */
  stand(
    anchor: string,
    standings: readonly {
      readonly firstEpoch: number
      readonly state: AnchoringState
      readonly proof: AnchorProof | null
    }[],
  ): Awaitable<void>

  /** The oldest epochs that are final by every anchor of the deployment, and not final yet. */
  finalizable(countMax: number): Awaitable<readonly EpochRecord[]>
  /**
   * Makes the oldest epoch that is not final so. `issue` is called inside the transaction.
   *
   * @param said by which anchors, where that was published before: the records are of an older copy
   * @returns false when it is final already: nothing was called
   * @throws {RangeError} when it is not the oldest, or an anchor has it not for good
   */
  finalize(
    epoch: number,
    issue: () => JsonObject,
    said?: readonly FinalAnchoring[],
  ): Awaitable<boolean>

  /** What an anchor says against the log: until somebody looks, nothing goes on. */
  conflict(): Awaitable<StoredConflict | undefined>
  /** Writes one down; the first stays. */
  conflicted(conflict: StoredConflict): Awaitable<void>
  /** An operator has found out why: the anchors are asked again. */
  forgetConflict(): Awaitable<void>
}
