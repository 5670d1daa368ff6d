/**
 * What a statement says, of its JSON (docs/reference/statements.md).
 * @module
 */
import { asCount, asInteger, asList, asObject, asText, BadBundle, parseObject } from './fields.ts'
import type { Fields } from './fields.ts'

/** Milliseconds of an hour, which is what epochs count. */
export const EPOCH_MS = 3_600_000
/** Lines and spaces of a statement at most. */
const LINES_MAX = 400_000
const SPACES_MAX = 100_000
/** Charges, grants, prices and amounts at most. */
const BILL_ITEMS_MAX = 10_000
const MICROS = 1_000_000n

/** What was used. */
export interface Used {
  readonly egressBytes: bigint
  readonly deliveredBytes: bigint
  readonly voidedBytes: bigint
  readonly storageByteMs: bigint
  readonly fetchedBytes: bigint
  readonly reads: bigint
  readonly denied: bigint
}

/** Names of {@link Used}, in their order. */
export const USED_NAMES: readonly (keyof Used)[] = [
  'egressBytes',
  'deliveredBytes',
  'voidedBytes',
  'storageByteMs',
  'fetchedBytes',
  'reads',
  'denied',
]

/** What one space used in one hour. */
export interface Line extends Used {
  readonly space: string
  /** Hours since the Unix epoch. */
  readonly epoch: number
  /** The hour in which it counts. */
  readonly billedEpoch: number
}

/** An amount of money, in millionths. */
export interface Amount {
  readonly currency: string
  readonly micros: bigint
}

/** A price, up to so many bytes; without a bound the last. */
export interface Price {
  readonly upToBytes: bigint | null
  readonly microsPerGib: bigint
}

/** What one of egress and storage came to, in bytes or byte-milliseconds. */
export interface Meter {
  readonly planIncludedBytes: bigint
  readonly prices: readonly Price[]
  readonly used: bigint
  readonly included: bigint
  readonly granted: bigint
  readonly overage: bigint
  readonly micros: bigint
}

/** What hours in a row on one plan came to. */
export interface Charge {
  readonly plan: string
  readonly currency: string
  readonly firstEpoch: number
  readonly endEpoch: number
  readonly feeMicros: bigint
  readonly egress: Meter
  readonly storage: Meter
}

/** What a month costs. */
export interface Bill {
  readonly charges: readonly Charge[]
  readonly grantedBytes: bigint
  /** Credited bytes that came from before, and that are left for later. */
  readonly creditOpeningBytes: bigint
  readonly creditLeftBytes: bigint
  readonly total: readonly Amount[]
  readonly paid: readonly Amount[]
  readonly due: readonly Amount[]
}

/** A statement of one account. */
export interface Statement {
  readonly status: string
  readonly periodName: string
  readonly firstEpoch: number
  readonly endEpoch: number
  readonly gateway: string
  readonly account: string
  /** Entries of the log that a draft has counted; null in a final one. */
  readonly asOfEntry: number | null
  readonly total: Used
  readonly bill: Bill | null
  readonly spaces: readonly (Used & { readonly space: string })[]
  readonly lines: readonly Line[]
}

/**
 * Reads a statement.
 *
 * @throws {BadBundle}
 * @example
 * const { lines, bill } = parseStatement(bundle.statement)
 */
export function parseStatement(text: string): Statement {
  const fields = parseObject(text, 'statement')
  const format = asText(fields['format'], 'format')
  if (format !== 'turnpike-statement/1')
    throw new BadBundle(`format expected turnpike-statement/1, got ${format}`)
  const period = asObject(fields['period'], 'period')
  for (const shortened of ['linesBy', 'linesLeftOff', 'spacesLeftOff'])
    if (shortened in fields) throw new BadBundle('statement expected a line for each hour')
  return {
    status: asText(fields['status'], 'status'),
    periodName: asText(period['name'], 'period.name'),
    ...spanOf(period, 'period'),
    gateway: asText(fields['gateway'], 'gateway'),
    account: asText(fields['account'], 'account'),
    asOfEntry: 'asOfEntry' in fields ? asCount(fields['asOfEntry'], 'asOfEntry') : null,
    total: usedOf(fields, 'statement'),
    bill: fields['bill'] === null ? null : billOf(asObject(fields['bill'], 'bill')),
    spaces: objects(fields['spaces'], 'spaces', SPACES_MAX).map(spaceOf),
    lines: objects(fields['lines'], 'lines', LINES_MAX).map(lineOf),
  }
}

function spaceOf(fields: Fields): Statement['spaces'][number] {
  return { space: asText(fields['space'], 'space'), ...usedOf(fields, 'space') }
}

function lineOf(fields: Fields): Line {
  const epoch = epochOf(fields['hour'], 'hour')
  const billedEpoch = 'billed' in fields ? epochOf(fields['billed'], 'billed') : epoch
  return { space: asText(fields['space'], 'space'), epoch, billedEpoch, ...usedOf(fields, 'line') }
}

function usedOf(fields: Fields, what: string): Used {
  const used = USED_NAMES.map((name) => [name, asInteger(fields[name], `${what}.${name}`)])
  return Object.fromEntries(used) as Used
}

function billOf(fields: Fields): Bill {
  const credit = asObject(fields['credit'], 'credit')
  const grants = objects(fields['grants'], 'grants', BILL_ITEMS_MAX)
  return {
    charges: objects(fields['charges'], 'charges', BILL_ITEMS_MAX).map(chargeOf),
    grantedBytes: grants.reduce((sum, one) => sum + grantedOf(one), 0n),
    creditOpeningBytes: asInteger(credit['openingBytes'], 'credit'),
    creditLeftBytes: asInteger(credit['leftBytes'], 'credit'),
    total: amountsOf(fields['total'], 'total'),
    paid: amountsOf(fields['paid'], 'paid'),
    due: amountsOf(fields['due'], 'due'),
  }
}

/** Three letters, which say nothing else beside an amount. */
function currencyOf(fields: Fields): string {
  const currency = asText(fields['currency'], 'currency')
  if (/^[A-Z]{3}$/.test(currency)) return currency
  throw new BadBundle(`currency expected three letters, got "${currency}"`)
}

/** What was taken from a grant. */
function grantedOf(fields: Fields): bigint {
  const [opening, left] = ['openingBytes', 'leftBytes'].map((name) => asInteger(fields[name], name))
  if (left! >= 0n && left! <= opening!) return opening! - left!
  throw new BadBundle(`grant expected 0 to ${opening} bytes to be left, got ${left}`)
}

function amountsOf(value: unknown, what: string): Amount[] {
  return objects(value, what, BILL_ITEMS_MAX).map((one) => {
    const micros = asInteger(one['micros'], what)
    if (asMicros(one['amount'], what) !== micros)
      throw new BadBundle(`${what} expected amount and micros to be the same`)
    return { currency: currencyOf(one), micros }
  })
}

function chargeOf(fields: Fields): Charge {
  const plan = asObject(fields['plan'], 'plan')
  const egress = asObject(fields['egress'], 'egress')
  const storage = asObject(fields['storage'], 'storage')
  return {
    plan: asText(plan['name'], 'plan.name'),
    currency: currencyOf(plan),
    ...spanOf(fields, 'charge'),
    feeMicros: asMicros(fields['fee'], 'fee'),
    egress: meterOf(egress, 'Bytes', asInteger(egress['grantedBytes'], 'grantedBytes')),
    storage: meterOf(storage, 'ByteMs', 0n),
  }
}

function meterOf(fields: Fields, unit: 'Bytes' | 'ByteMs', granted: bigint): Meter {
  return {
    planIncludedBytes: asInteger(fields['planIncludedBytes'], 'planIncludedBytes'),
    prices: objects(fields['prices'], 'prices', BILL_ITEMS_MAX).map((one) => ({
      upToBytes: 'upToBytes' in one ? asInteger(one['upToBytes'], 'upToBytes') : null,
      microsPerGib: asMicros(one['perGib'], 'perGib'),
    })),
    used: asInteger(fields[`used${unit}`], `used${unit}`),
    included: asInteger(fields[`included${unit}`], `included${unit}`),
    granted,
    overage: asInteger(fields[`overage${unit}`], `overage${unit}`),
    micros: asMicros(fields['amount'], 'amount'),
  }
}

function objects(value: unknown, what: string, max: number): Fields[] {
  return asList(value, what, max).map((one, i) => asObject(one, `${what}[${i}]`))
}

/** Decimals as millionths. */
function asMicros(value: unknown, what: string): bigint {
  const [, sign, whole, part = ''] =
    /^(-?)(\d{1,40})(?:\.(\d{1,6}))?$/.exec(asText(value, what)) ?? []
  if (whole === undefined) throw new BadBundle(`${what} expected decimals`)
  const micros = BigInt(whole) * MICROS + BigInt(part.padEnd(6, '0'))
  return sign === '-' ? -micros : micros
}

/** Hours in a row, at least one. */
function spanOf(fields: Fields, what: string): Pick<Charge, 'firstEpoch' | 'endEpoch'> {
  const firstEpoch = epochOf(fields['from'], `${what}.from`)
  const endEpoch = epochOf(fields['to'], `${what}.to`)
  if (firstEpoch >= endEpoch) throw new BadBundle(`${what} expected to end after it begins`)
  return { firstEpoch, endEpoch }
}

/** The start of an hour, as hours since the Unix epoch. */
function epochOf(value: unknown, what: string): number {
  const text = asText(value, what)
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:00:00Z$/.test(text)
  const epoch = isTime ? Date.parse(text) / EPOCH_MS : Number.NaN
  // Of a day that a month does not have, `Date` makes one of the next.
  const isDay = epoch >= 0 && new Date(epoch * EPOCH_MS).toISOString().startsWith(text.slice(0, 10))
  if (Number.isSafeInteger(epoch) && isDay) return epoch
  throw new BadBundle(`${what} expected the start of an hour, got "${text}"`)
}
