/**
 * Epochs: the hours that the log is cut into.
 * @module
 */

/** Milliseconds of an epoch: one hour. */
export const EPOCH_MS = 3_600_000
/** Epochs of a day. */
export const DAY_EPOCHS = 24

/**
 * Epoch of a time on the log's clock: hours since the Unix epoch.
 *
 * @example
 * epochOf(3_600_000) // 1
 */
export function epochOf(logMs: number): number {
  return Math.floor(logMs / EPOCH_MS)
}

/** Wall-clock ms at which an epoch ends: the first that is not in it. */
export function epochEndMs(epoch: number): number {
  return (epoch + 1) * EPOCH_MS
}
