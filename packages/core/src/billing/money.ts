/**
 * Money: whole micro-units of a currency, and prices for bytes.
 * @module
 */

/** Micro-units of one unit: a euro has a million micro-euros. */
export const MICROS = 1_000_000n
/** Bytes that a price "per GiB" is for. */
export const GIB_BYTES: bigint = 1024n ** 3n

/** An amount in one currency. */
export interface Money {
  readonly micros: bigint
  /** Three capital letters of ISO 4217: `EUR`. */
  readonly currency: string
}

const CURRENCY = /^[A-Z]{3}$/
const AMOUNT = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/
const DECIMALS = 6
const DECIMALS_SHOWN = 2

/** Whether text is the code of a currency, known to anybody or not. */
export function isCurrency(text: string): boolean {
  return CURRENCY.test(text)
}

/**
 * Reads an amount in decimals, at most six after the point; undefined for anything else.
 *
 * @example
 * parseMicros('0.05') // 50_000n
 */
export function parseMicros(text: string): bigint | undefined {
  const [, sign, whole, part = ''] = AMOUNT.exec(text) ?? []
  if (whole === undefined) return undefined
  const micros = BigInt(whole) * MICROS + BigInt(part.padEnd(DECIMALS, '0'))
  return sign === '-' ? -micros : micros
}

/**
 * An amount in decimals: two after the point, or as many as it takes.
 *
 * @example
 * formatMicros(12_500_000n) // '12.50'
 * formatMicros(50n) // '0.00005'
 */
export function formatMicros(micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const part = String(size % MICROS).padStart(DECIMALS, '0')
  const shown = part.replace(/0+$/, '').padEnd(DECIMALS_SHOWN, '0')
  return `${micros < 0n ? '-' : ''}${size / MICROS}.${shown}`
}

/**
 * An amount for people: `12.50 EUR`.
 *
 * @example
 * formatMoney({ micros: 12_500_000n, currency: 'EUR' }) // '12.50 EUR'
 */
export function formatMoney({ micros, currency }: Money): string {
  return `${formatMicros(micros)} ${currency}`
}

/** Two amounts that were to be summed are of different currencies. */
export class CurrencyMismatch extends Error {
  override readonly name = 'CurrencyMismatch'
  constructor(expected: string, got: string) {
    super(`"currency" expected ${expected}, got ${got}`)
  }
}

/**
 * The sum of two amounts.
 *
 * @throws {CurrencyMismatch} when they are of different currencies
 */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new CurrencyMismatch(a.currency, b.currency)
  return { micros: a.micros + b.micros, currency: a.currency }
}
