/**
 * Where a customer stands with what a plan allows.
 * @module
 */

/**
 * `ok`: there is room; `warn`: little of it is left; `over`: more was used than is covered, and the
 * rest is overage; `blocked`: reads are refused.
 */
export type QuotaState = 'ok' | 'warn' | 'over' | 'blocked'

/** What is used, and what may be. */
export interface Quota {
  readonly usedBytes: bigint
  /** Bytes that open downloads may still send. */
  readonly reservedBytes: bigint
  /** Bytes that are included, granted, or paid before; undefined where nothing is watched. */
  readonly allowanceBytes: bigint | undefined
  /** Bytes at which reads are refused; undefined for never. */
  readonly limitBytes: bigint | undefined
  readonly day: { readonly usedBytes: bigint; readonly limitBytes: bigint | undefined } | undefined
}

const PERCENT = 100n

/**
 * The state of a quota. What is reserved counts where reads are refused, since they are refused for
 * it; it is no overage before it was sent.
 *
 * @param warnPercent share of the allowance from which it is `warn`
 * @example
 * quotaState({ usedBytes: 8n, reservedBytes: 0n, allowanceBytes: 10n, … }, 80) // 'warn'
 */
export function quotaState(quota: Quota, warnPercent: number): QuotaState {
  const { usedBytes, reservedBytes, allowanceBytes } = quota
  if (isBlocked(quota)) return 'blocked'
  if (allowanceBytes === undefined) return 'ok'
  if (usedBytes > allowanceBytes) return 'over'
  const isLittle = reaches(usedBytes + reservedBytes, allowanceBytes, warnPercent)
  return isLittle ? 'warn' : 'ok'
}

function isBlocked({ usedBytes, reservedBytes, limitBytes, day }: Quota): boolean {
  if (limitBytes !== undefined && usedBytes + reservedBytes >= limitBytes) return true
  return day?.limitBytes !== undefined && day.usedBytes + reservedBytes >= day.limitBytes
}

/**
 * Greatest of some thresholds that usage has reached; undefined before the first. Nothing used has
 * reached none, however little is allowed.
 *
 * @param percents rising
 * @example
 * thresholdReached(8n, 10n, [50, 80, 100]) // 80
 */
export function thresholdReached(
  usedBytes: bigint,
  allowanceBytes: bigint,
  percents: readonly number[],
): number | undefined {
  return percents.findLast((percent) => reaches(usedBytes, allowanceBytes, percent))
}

function reaches(usedBytes: bigint, allowanceBytes: bigint, percent: number): boolean {
  return usedBytes > 0n && usedBytes * PERCENT >= allowanceBytes * BigInt(percent)
}
