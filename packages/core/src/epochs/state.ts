/**
 * States of an epoch, on its way from open to paid.
 * Source: receipts, section 6.5.
 * @module
 */

/**
 * `pending`: entries still come, or its SEAL was not looked at yet. `batched`: its root is signed.
 * `anchored`: every anchor holds it, and one of them could still lose it, which makes it `batched`
 * again. `final`: every anchor holds it for good; its credits are issued in that same moment.
 */
export type EpochState = 'pending' | 'batched' | 'anchored' | 'final'

/** States, from first to last. */
export const EPOCH_STATES: readonly EpochState[] = ['pending', 'batched', 'anchored', 'final']

/** How far one anchor is with an epoch: what it takes was stored, it is there, or for good. */
export type AnchoringState = 'sent' | 'anchored' | 'final'

/** States of an anchoring, from first to last. */
export const ANCHORING_STATES: readonly AnchoringState[] = ['sent', 'anchored', 'final']
