/**
 * What an account's usage of a month costs: by the plan in force in each hour.
 *
 * Of a stretch of hours on one plan, in this order: what was credited is taken off, the plan's
 * included part is taken off, grants cover what they can, and the rest is overage at the plan's
 * prices. Included part and fee are those of the stretch's hours. Tiers count the month's overage.
 * @module
 */
import { burnGrants, cutByGrants } from './grants.ts'
import type { OpenGrant } from './grants.ts'
import type { Money } from './money.ts'
import type { Plan } from './plan.ts'
import { msOf, priceMicros, prorated } from './price.ts'
import type { EpochSpan } from './ownership.ts'

/** What was used in one hour, or is billed as if it had been. */
export interface UsedHour {
  readonly epoch: number
  /** Below zero where more was credited than delivered. */
  readonly egressBytes: bigint
  readonly storageByteMs: bigint
}

/** Hours in a row on one plan. */
export interface PlanStretch extends EpochSpan {
  readonly plan: Plan
}

/** What is rated. */
export interface Usage {
  readonly period: EpochSpan
  /** In order, without overlaps; each hour with usage lies in one. */
  readonly stretches: readonly PlanStretch[]
  /** In any order; several of one hour add up. */
  readonly hours: Iterable<UsedHour>
  /** Grants with what was left of them when the period began. */
  readonly grants: readonly OpenGrant[]
  /** Bytes credited in earlier periods that nothing was left to take off from. */
  readonly creditBytes: bigint
}

/** What egress of a stretch came to. */
export interface EgressCharge {
  /** After credits. */
  readonly usedBytes: bigint
  /** The plan's part for these hours; `usedBytes` may be less. */
  readonly includedBytes: bigint
  readonly grantedBytes: bigint
  readonly overageBytes: bigint
  readonly micros: bigint
}

/** What storage of a stretch came to. */
export interface StorageCharge {
  readonly usedByteMs: bigint
  readonly includedByteMs: bigint
  readonly overageByteMs: bigint
  readonly micros: bigint
}

/** What a stretch came to. */
export interface StretchCharge extends PlanStretch {
  readonly feeMicros: bigint
  readonly egress: EgressCharge
  readonly storage: StorageCharge
}

/** What a month came to. */
export interface Rated {
  readonly stretches: readonly StretchCharge[]
  /** Bytes left of each grant, by its id. */
  readonly grantsLeftBytes: ReadonlyMap<string, bigint>
  /** Bytes that the next period takes off. */
  readonly creditBytes: bigint
  /** What all stretches cost, one amount a currency, by its code. */
  readonly totals: readonly Money[]
}

/** Part of a stretch in which the same grants are in force. */
interface Cut extends EpochSpan {
  readonly stretch: number
}

/**
 * Rates a month.
 *
 * @throws {RangeError} for usage in an hour without a plan, or stretches out of order
 * @example
 * const { totals } = rate({ period, stretches, hours, grants: [], creditBytes: 0n })
 */
export function rate(usage: Usage): Rated {
  const { period, stretches, grants } = usage
  checkOrder(stretches, period)
  const cuts = stretches.flatMap(({ firstEpoch, endEpoch }, stretch) =>
    cutByGrants(firstEpoch, endEpoch, grants).map((range) => Object.assign(range, { stretch })),
  )
  const bytes = cuts.map(() => 0n)
  const byteMs = stretches.map(() => 0n)
  for (const { epoch, egressBytes, storageByteMs } of usage.hours) {
    const at = findRange(cuts, epoch)
    bytes[at]! += egressBytes
    byteMs[cuts[at]!.stretch]! += storageByteMs
  }
  const { nets, creditBytes } = settled(bytes, usage.creditBytes)
  const excesses = exceeding(cuts, nets, stretches, period)
  const burnt = burnGrants(grants, excesses)
  const charges: StretchCharge[] = []
  let overageBytes = 0n
  let overageByteMs = 0n
  for (const [i, stretch] of stretches.entries()) {
    const own = (_: unknown, cut: number): boolean => cuts[cut]!.stretch === i
    const usedBytes = sum(nets.filter(own))
    const excessBytes = sum(excesses.filter(own).map((excess) => excess.bytes))
    const uncovered = sum(burnt.overage.filter(own))
    const used = { usedBytes, excessBytes, overageBytes: uncovered, from: overageBytes }
    const egress = chargeEgress(stretch, period, used)
    const storage = chargeStorage(stretch, period, byteMs[i]!, overageByteMs)
    overageBytes += egress.overageBytes
    overageByteMs += storage.overageByteMs
    const feeMicros = prorated(stretch.plan.feeMicros, stretch, period)
    charges.push({ ...stretch, feeMicros, egress, storage })
  }
  const { leftBytes: grantsLeftBytes } = burnt
  return { stretches: charges, grantsLeftBytes, creditBytes, totals: totalsOf(charges) }
}

/**
 * Takes credits off: from what comes after them first, then from what was before, the latest first.
 * What is left over nothing was left to take off from.
 */
function settled(
  bytes: readonly bigint[],
  opening: bigint,
): { readonly nets: readonly bigint[]; readonly creditBytes: bigint } {
  const nets = bytes.map(() => 0n)
  let credit = opening
  for (const [i, net] of bytes.entries()) {
    const due = net - credit
    nets[i] = due > 0n ? due : 0n
    credit = due > 0n ? 0n : -due
  }
  for (let i = nets.length - 1; i >= 0 && credit > 0n; i--) {
    const taken = nets[i]! < credit ? nets[i]! : credit
    nets[i]! -= taken
    credit -= taken
  }
  return { nets, creditBytes: credit }
}

/** What passes the included part, in the order in which it was used. */
function exceeding(
  cuts: readonly Cut[],
  nets: readonly bigint[],
  stretches: readonly PlanStretch[],
  period: EpochSpan,
): (EpochSpan & { readonly bytes: bigint })[] {
  const room = stretches.map((one) => prorated(one.plan.egress.includedBytes, one, period))
  return cuts.map(({ stretch, firstEpoch, endEpoch }, i) => {
    const covered = nets[i]! < room[stretch]! ? nets[i]! : room[stretch]!
    room[stretch]! -= covered
    return { firstEpoch, endEpoch, bytes: nets[i]! - covered }
  })
}

function chargeEgress(
  stretch: PlanStretch,
  period: EpochSpan,
  used: { usedBytes: bigint; excessBytes: bigint; overageBytes: bigint; from: bigint },
): EgressCharge {
  const { egress } = stretch.plan
  const { usedBytes, excessBytes, overageBytes, from } = used
  return {
    usedBytes,
    includedBytes: prorated(egress.includedBytes, stretch, period),
    grantedBytes: excessBytes - overageBytes,
    overageBytes,
    micros: priceMicros(egress, { from, to: from + overageBytes, unitsPerByte: 1n }),
  }
}

function chargeStorage(
  stretch: PlanStretch,
  period: EpochSpan,
  usedByteMs: bigint,
  from: bigint,
): StorageCharge {
  const { storage } = stretch.plan
  const includedByteMs = storage.includedBytes * msOf(stretch)
  const overageByteMs = usedByteMs > includedByteMs ? usedByteMs - includedByteMs : 0n
  const overage = { from, to: from + overageByteMs, unitsPerByte: msOf(period) }
  return { usedByteMs, includedByteMs, overageByteMs, micros: priceMicros(storage, overage) }
}

function totalsOf(charges: readonly StretchCharge[]): Money[] {
  const sums = new Map<string, bigint>()
  for (const { plan, feeMicros, egress, storage } of charges) {
    const micros = feeMicros + egress.micros + storage.micros
    sums.set(plan.currency, (sums.get(plan.currency) ?? 0n) + micros)
  }
  const currencies = [...sums.keys()].toSorted()
  return currencies.map((currency) => ({ currency, micros: sums.get(currency)! }))
}

function checkOrder(stretches: readonly PlanStretch[], period: EpochSpan): void {
  let at = period.firstEpoch
  for (const { firstEpoch, endEpoch } of stretches) {
    if (firstEpoch < at || endEpoch <= firstEpoch || endEpoch > period.endEpoch)
      throw new RangeError(
        `"stretches" expected in order, from ${at} to ${period.endEpoch}, ` +
          `got ${firstEpoch}-${endEpoch}`,
      )
    at = endEpoch
  }
}

function findRange(ranges: readonly EpochSpan[], epoch: number): number {
  let low = 0
  let high = ranges.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (epoch < ranges[middle]!.endEpoch) high = middle
    else low = middle + 1
  }
  const range = ranges[low]
  if (range === undefined || epoch < range.firstEpoch || epoch >= range.endEpoch)
    throw new RangeError(`"hours" expected to have a plan each, got none for ${epoch}`)
  return low
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}
