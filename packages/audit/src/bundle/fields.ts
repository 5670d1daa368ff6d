/**
 * Takes values out of JSON that somebody else made.
 * @module
 */
import { decodeBase64 } from '../base64.ts'

/** JSON that is not a bundle, or not a statement, as it is documented. */
export class BadBundle extends Error {
  override readonly name = 'BadBundle'
}

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The object that a text is.
 *
 * @throws {BadBundle}
 */
export function parseObject(text: string, what: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadBundle(`${what} expected JSON`)
  }
  return asObject(value, what)
}

/**
 * A value as compact JSON.
 *
 * @throws {BadBundle} when it is deeper than anything that is documented
 */
export function compactJson(value: unknown, what: string): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) throw new BadBundle(`${what} expected fewer levels`)
    throw error
  }
}

/** The value as an object. */
export function asObject(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new BadBundle(`${what} expected an object`)
}

/** The value as a list of at most `max`. */
export function asList(value: unknown, what: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadBundle(`${what} expected a list`)
  if (value.length > max) throw new BadBundle(`${what} expected <= ${max}, got ${value.length}`)
  return value
}

/** The value as text. */
export function asText(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new BadBundle(`${what} expected text`)
}

/** The value as text, or null. */
export function asTextOrNull(value: unknown, what: string): string | null {
  return value === null ? null : asText(value, what)
}

/** The value as a whole number, 0 or more. */
export function asCount(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new BadBundle(`${what} expected a whole number, 0 or more`)
}

/** The value as a whole number of any size and sign: a number, or decimal digits. */
export function asInteger(value: unknown, what: string): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value === 'string' && /^-?(?:0|[1-9]\d{0,59})$/.test(value)) return BigInt(value)
  throw new BadBundle(`${what} expected a whole number`)
}

/** The value as bytes in base64. */
export function asBytes(value: unknown, what: string): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
  if (bytes === undefined) throw new BadBundle(`${what} expected base64`)
  return bytes
}
