/**
 * Times as HTTP writes them (RFC 9110, section 5.6.7).
 * @module
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = String.raw`(?<time>\d\d:\d\d:\d\d)`
/** The form to write, and the two that old senders write. */
const FORMS = [
  new RegExp(
    String.raw`^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) ${TIME} GMT$`,
  ),
  new RegExp(
    String.raw`^[A-Z][a-z]+day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) ${TIME} GMT$`,
  ),
  new RegExp(
    String.raw`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`,
  ),
]
/** Years of two digits from here on are of the last century, as POSIX reads them. */
const PIVOT = 69

/**
 * A time as HTTP writes it.
 *
 * @example
 * httpDate(0) // 'Thu, 01 Jan 1970 00:00:00 GMT'
 */
export function httpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString()
}

/**
 * Seconds since 1970 of an HTTP date in any of its three forms; undefined for what is none.
 *
 * @example
 * parseHttpDate('Thu, 01 Jan 1970 00:00:00 GMT') // 0
 */
export function parseHttpDate(text: string | null): number | undefined {
  if (text === null) return undefined
  const parts = FORMS.map((form) => form.exec(text.trim())).find((match) => match !== null)?.groups
  if (parts === undefined) return undefined
  const month = MONTHS.indexOf(parts['month']!) + 1
  const short = Number(parts['year'])
  const century = parts['year']!.length === 4 ? 0 : short < PIVOT ? 2000 : 1900
  const year = String(short + century).padStart(4, '0')
  const day = parts['day']!.trim().padStart(2, '0')
  const ms = Date.parse(`${year}-${String(month).padStart(2, '0')}-${day}T${parts['time']}Z`)
  return Number.isNaN(ms) ? undefined : ms / 1000
}
