/**
 * Port of anchors: places outside the log that hold what an epoch came to, so that the gateway
 * can't say something else later. Source: receipts, sections 6.5 and 6.6.
 * @module
 */
import type { Result, Unit } from '../result.ts'

/** What the log says of one sealed epoch: a pure function of the log and of its key. */
export interface EpochStatement {
  /** The log, whatever its name: hash of its name and key (32 bytes). */
  readonly logId: Uint8Array
  /** Name of the log. */
  readonly origin: string
  /** Hour number, and that of the SEAL before; null for the first. */
  readonly epoch: number
  readonly previousEpoch: number | null
  /** Its entries: `first` inclusive, `end` exclusive; the SEAL is at `end - 1`. */
  readonly first: number
  readonly end: number
  /** Root of the log at size `end`, and at size `first` (32 bytes each). */
  readonly root: Uint8Array
  readonly previousRoot: Uint8Array
  /** Leaf hash of the SEAL (32 bytes). */
  readonly sealLeaf: Uint8Array
  /** Root of the epoch's summary rows (32 bytes). */
  readonly summaryRoot: Uint8Array
  /** Signed note of (origin, end, root), as bytes. */
  readonly checkpoint: Uint8Array
}

/**
 * What an anchor is about to send for some epochs, all that it takes to send the very same again or
 * to find out what became of it. It is stored before anything is sent.
 */
export interface AnchorIntent {
  /** Hour numbers, ascending, without a sealed epoch left out in between. */
  readonly epochs: readonly number[]
  /** The anchor's own; at most 64 KiB. */
  readonly bytes: Uint8Array
}

/** Where others find the epoch; what it holds differs by anchor, and is published as it is. */
export type AnchorProof = Readonly<Record<string, string | number | readonly string[]>>

/** What became of an intent. */
export type AnchorStanding =
  /** On its way, or not sent yet: to send it again does no harm. */
  | { readonly kind: 'waiting' }
  /** On its way for too long: a new intent should replace it. */
  | { readonly kind: 'stuck' }
  /** It can't come any more, or was undone: a new intent is needed. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** It is there, and could still be undone. */
  | { readonly kind: 'anchored'; readonly proof: AnchorProof }
  /** It is there for good. */
  | { readonly kind: 'final'; readonly proof: AnchorProof }

/** The anchor could not be asked, or refused for now: worth another try. */
export class AnchorUnavailable extends Error {
  override readonly name = 'AnchorUnavailable'
}

/**
 * The anchor holds something of this log that the log is not: an epoch with another root, or a log
 * that is further on. Nothing more may be signed until somebody has found out why.
 */
export class AnchorConflict extends Error {
  override readonly name = 'AnchorConflict'
}

/** Why an anchor does not do as asked. */
export type AnchorFault = AnchorUnavailable | AnchorConflict

/**
 * One anchor. Epochs come in order, each after those before it; the same epochs may come again
 * after a crash, with the intent that was stored or with none.
 *
 * Nothing is retried inside: whoever calls does, later.
 */
export interface Anchor {
  /** `local`, `witness`, `evm`: it names the anchor in files and metrics. */
  readonly name: string
  /** Most epochs in one intent. */
  readonly epochsMax: number
  /**
   * Whether what it holds agrees with a log of `size` entries whose newest sealed epoch this is.
   * Asked once after a start, since nothing may be due for hours: a log that was restored from an
   * older copy is found at once. Anchors that hold nothing outside leave it out.
   */
  check?(newest: EpochStatement, size: number): Promise<Result<Unit, AnchorFault>>
  /** Makes an intent and sends nothing. `replaced`: the one that is stuck or was lost. */
  prepare(
    epochs: readonly EpochStatement[],
    replaced?: AnchorIntent,
  ): Promise<Result<AnchorIntent, AnchorFault>>
  /** Sends it, or again. */
  submit(
    intent: AnchorIntent,
    epochs: readonly EpochStatement[],
  ): Promise<Result<Unit, AnchorFault>>
  /** What became of it. */
  standing(
    intent: AnchorIntent,
    epochs: readonly EpochStatement[],
  ): Promise<Result<AnchorStanding, AnchorFault>>
}
