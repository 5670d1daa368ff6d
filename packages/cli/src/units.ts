/**
 * Numbers as people read them.
 * @module
 */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/**
 * A number of bytes in the unit that suits it.
 *
 * @example
 * formatBytes(1536) // '1.5 KiB'
 */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`
}

/**
 * Byte-milliseconds as bytes for so many hours.
 *
 * @example
 * formatByteHours(1536n * 3_600_000n) // '1.5 KiB·h'
 */
export function formatByteHours(byteMs: bigint): string {
  const hours = Number(byteMs) / 3_600_000
  const sign = hours < 0 ? '-' : ''
  return `${sign}${formatBytes(Math.round(Math.abs(hours)))}·h`
}

/** A number with commas between its thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/**
 * A time in its two largest units.
 *
 * @example
 * formatSeconds(3725) // '1 h 2 min'
 */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
