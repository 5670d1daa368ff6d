/**
 * Check 6, the money: that prices times quantities are the amounts (docs/operating/plans.md).
 * Fees, grants and balances are the plan's and the books'; the log knows nothing of them.
 * @module
 */
import type { Context } from './context.ts'
import { EPOCH_MS } from './statement.ts'
import type { Amount, Bill, Charge, Meter, Statement } from './statement.ts'

const GIB_BYTES = 1024n ** 3n

/** Hours in a row. */
interface Span {
  readonly firstEpoch: number
  readonly endEpoch: number
}

/**
 * Checks the bill of a statement, if it has one.
 *
 * @example
 * checkBill(context)
 */
export function checkBill({ statement, checks }: Pick<Context, 'statement' | 'checks'>): void {
  const { bill, total } = statement
  if (bill === null) return
  const findings = checks.of('sums')
  const same = (where: string, expected: bigint, found: bigint): void =>
    findings.same(`bill, ${where}`, String(expected), String(found))
  const least = (where: string, found: bigint): void => {
    if (found < 0n) findings.add(`bill, ${where}`, '>= 0', `${found}`)
  }
  let egressFrom = 0n
  let storageFrom = 0n
  let endEpoch = statement.firstEpoch
  // From the last to the first, to be taken from the end.
  const hours = hoursOf(statement).toReversed()
  for (const [i, charge] of bill.charges.entries()) {
    const at = `charge ${i + 1}`
    if (charge.firstEpoch < endEpoch || charge.endEpoch > statement.endEpoch)
      return findings.add(`bill, ${at}`, 'hours of the month, after those before', 'others')
    ;({ endEpoch } = charge)
    const own = takeHours(hours, charge)
    const month = msOf(statement)
    const ms = msOf(charge)
    const egress = { included: prorated(charge, statement), from: egressFrom, unitsPerByte: 1n }
    checkMeter(`${at}, egress`, charge.egress, egress, same)
    const included = charge.storage.planIncludedBytes * ms
    const storage = { included, from: storageFrom, unitsPerByte: month }
    checkMeter(`${at}, storage`, charge.storage, storage, same)
    egressFrom += charge.egress.overage
    storageFrom += charge.storage.overage
    same(`${at}, stored`, sum(own.map((hour) => hour.storageByteMs)), charge.storage.used)
    // At most, before what was credited in other hours is taken off.
    const delivered = sum(own.map((hour) => hour.egressBytes).filter((bytes) => bytes > 0n))
    if (charge.egress.used > delivered)
      findings.add(`bill, ${at}, egress`, `<= ${delivered}`, `${charge.egress.used}`)
    for (const [name, meter] of Object.entries({ egress: charge.egress, storage: charge.storage }))
      checkTerms(`${at}, ${name}`, meter, same, least)
    least(`${at}, fee`, charge.feeMicros)
  }
  const used = sum(bill.charges.map(({ egress }) => egress.used))
  // Credits are taken off as far as there is anything, and the rest is left for later.
  const net = total.egressBytes - bill.creditOpeningBytes
  least('credit, openingBytes', bill.creditOpeningBytes)
  same('credit, leftBytes', net < 0n ? -net : 0n, bill.creditLeftBytes)
  same('egress of all charges', net < 0n ? 0n : net, used)
  for (const { micros } of bill.paid) least('paid', micros)
  const granted = sum(bill.charges.map(({ egress }) => egress.granted))
  same('granted', bill.grantedBytes, granted)
  checkAmounts(bill, same)
  checks.say('sums', 'prices times quantities are the amounts')
}

type Same = (where: string, expected: bigint, found: bigint) => void

/** What would make an amount larger, were it below zero; and prices that say what comes to what. */
function checkTerms(
  at: string,
  { planIncludedBytes, prices, used, granted }: Meter,
  same: Same,
  least: (where: string, found: bigint) => void,
): void {
  least(`${at}, planIncludedBytes`, planIncludedBytes)
  least(`${at}, used`, used)
  least(`${at}, granted`, granted)
  let from = 0n
  for (const [i, { upToBytes, microsPerGib }] of prices.entries()) {
    const isLast = i === prices.length - 1
    least(`${at}, price`, microsPerGib)
    same(`${at}, prices without a bound`, isLast ? 1n : 0n, upToBytes === null ? 1n : 0n)
    least(`${at}, bound of a price`, (upToBytes ?? from) - from)
    from = upToBytes ?? from
  }
}

function checkMeter(
  at: string,
  { prices, used, included, granted, overage, micros }: Meter,
  terms: { readonly included: bigint; readonly from: bigint; readonly unitsPerByte: bigint },
  same: Same,
): void {
  same(`${at}, included`, terms.included, included)
  same(`${at}, overage`, (used > included ? used - included : 0n) - granted, overage)
  let exact = 0n
  let from = terms.from
  const end = terms.from + overage
  for (const { upToBytes, microsPerGib } of prices) {
    const bound = upToBytes === null ? end : upToBytes * terms.unitsPerByte
    const to = bound < end ? bound : end
    if (to <= from) continue
    exact += (to - from) * microsPerGib
    from = to
  }
  same(`${at}, priced`, end, from > end ? end : from)
  same(`${at}, amount`, exact / (GIB_BYTES * terms.unitsPerByte), micros)
}

/** Totals, what was paid, and what is due, currency by currency. */
function checkAmounts({ charges, total, paid, due }: Bill, same: Same): void {
  const sums = new Map<string, bigint>()
  for (const { currency, feeMicros, egress, storage } of charges)
    sums.set(currency, (sums.get(currency) ?? 0n) + feeMicros + egress.micros + storage.micros)
  const amountIn = (amounts: readonly Amount[], currency: string): bigint =>
    sum(amounts.filter((one) => one.currency === currency).map(({ micros }) => micros))
  const all = [...total, ...paid, ...due].map(({ currency }) => currency)
  for (const currency of new Set([...sums.keys(), ...all])) {
    const cost = sums.get(currency) ?? 0n
    same(`total in ${currency}`, cost, amountIn(total, currency))
    same(`due in ${currency}`, cost - amountIn(paid, currency), amountIn(due, currency))
  }
}

/** A month's part for some of its hours: what is due at their end, less what was at their start. */
function prorated({ egress, ...charge }: Charge, month: Span): bigint {
  const hours = BigInt(month.endEpoch - month.firstEpoch)
  const due = (epoch: number): bigint =>
    (egress.planIncludedBytes * BigInt(epoch - month.firstEpoch)) / hours
  return due(charge.endEpoch) - due(charge.firstEpoch)
}

/** What lines say of one hour in which they count. */
interface Hour {
  readonly epoch: number
  egressBytes: bigint
  storageByteMs: bigint
}

/** Hours of a statement, in order. */
function hoursOf({ lines }: Statement): Hour[] {
  const hours = new Map<number, Hour>()
  for (const { billedEpoch: epoch, egressBytes, storageByteMs } of lines) {
    const hour = hours.get(epoch) ?? { epoch, egressBytes: 0n, storageByteMs: 0n }
    hour.egressBytes += egressBytes
    hour.storageByteMs += storageByteMs
    hours.set(epoch, hour)
  }
  return [...hours.values()].sort((one, other) => one.epoch - other.epoch)
}

/** Takes a charge's hours from the end, where the first are; those before it nobody charges. */
function takeHours(hours: Hour[], { firstEpoch, endEpoch }: Span): Hour[] {
  const own: Hour[] = []
  while ((hours.at(-1)?.epoch ?? endEpoch) < endEpoch) own.push(hours.pop()!)
  return own.filter(({ epoch }) => epoch >= firstEpoch)
}

function msOf({ firstEpoch, endEpoch }: Span): bigint {
  return BigInt(endEpoch - firstEpoch) * BigInt(EPOCH_MS)
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}
