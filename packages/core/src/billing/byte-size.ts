/**
 * Sizes as operators write them in plans and grants.
 * @module
 */

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  PiB: 1024n ** 5n,
}

/** Largest size that is taken: 8 EiB less one byte, what SQLite's numbers hold. */
export const SIZE_BYTES_MAX: bigint = 2n ** 63n - 1n

/** What {@link parseSize} takes, to end the sentence "expected …". */
export const SIZE_EXPECTED = 'bytes: a whole number, or text with KiB, MiB, GiB, TiB, PiB'

/**
 * Reads a number of bytes; undefined for what is none, or beyond `SIZE_BYTES_MAX`.
 *
 * @example
 * parseSize('100 GiB') // 107_374_182_400n
 */
export function parseSize(value: unknown): bigint | undefined {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined
  if (typeof value !== 'string') return undefined
  const [, digits, unit = ''] = /^(\d{1,19}) ?([KMGTP]iB)?$/.exec(value) ?? []
  if (digits === undefined) return undefined
  const size = BigInt(digits) * UNITS[unit]!
  return size <= SIZE_BYTES_MAX ? size : undefined
}
