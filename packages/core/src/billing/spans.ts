/**
 * Which hours of a space count for whom, in which period.
 * @module
 */

/** Hours in a row: `firstEpoch` is one of them and `endEpoch` is not. */
export interface EpochRange {
  readonly firstEpoch: number
  readonly endEpoch: number
}

/** How long somebody has a space; an `Ownership` is one. */
export interface Tenure {
  /** First hour that is theirs. */
  readonly firstEpoch: number
  /** First hour that is theirs no more; null while there is none. */
  readonly endEpoch: number | null
  /**
   * Hour in which it was said whose these hours are. Those before it lay in suspense until then,
   * and count as if they had happened then: a period that is closed never changes.
   */
  readonly assignedEpoch: number
}

/**
 * Hours that are billed for a tenure in a period: those whose hour, or the hour of assignment where
 * that is later, lies in it. Undefined for none. Over all periods, each hour counts once.
 *
 * @example
 * billedSpan({ firstEpoch: 0, endEpoch: null, assignedEpoch: 12 }, { firstEpoch: 10, endEpoch: 20 })
 * // { firstEpoch: 0, endEpoch: 20 }
 */
export function billedSpan(tenure: Tenure, period: EpochRange): EpochRange | undefined {
  return within(tenure, period, tenure.endEpoch ?? Infinity)
}

/**
 * Hours whose VOIDs are credited in a period, for reads in a tenure. A VOID counts when it came,
 * but no sooner than what it voids; it may come when the tenure is long over. Of the VOIDs in these
 * hours those count whose target {@link isIn} the tenure.
 */
export function creditedSpan(tenure: Tenure, period: EpochRange): EpochRange | undefined {
  return within(tenure, period, Infinity)
}

/** Whether an hour lies in a tenure. */
export function isIn({ firstEpoch, endEpoch }: Tenure, epoch: number): boolean {
  return epoch >= firstEpoch && (endEpoch === null || epoch < endEpoch)
}

function within(
  { firstEpoch, assignedEpoch }: Tenure,
  period: EpochRange,
  endEpoch: number,
): EpochRange | undefined {
  if (assignedEpoch >= period.endEpoch) return undefined
  const first = assignedEpoch < period.firstEpoch ? period.firstEpoch : 0
  const span = {
    firstEpoch: Math.max(firstEpoch, first),
    endEpoch: Math.min(endEpoch, period.endEpoch),
  }
  return span.firstEpoch < span.endEpoch ? span : undefined
}
