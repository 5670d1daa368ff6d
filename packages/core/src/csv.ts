/**
 * CSV: records of fields, for spreadsheets and scripts.
 * Source: RFC 4180; OWASP, "CSV Injection".
 * @module
 */

/** What spreadsheets take for the start of a formula. */
const FORMULA = /^[=+\-@\t\r]/
const NUMBER = /^-?\d+(\.\d+)?$/

/**
 * Records as text, each ended by CR and LF. A field that a spreadsheet would take for a formula
 * gets an apostrophe before it; numbers stay as they are.
 *
 * @example
 * csvText([['space', 'bytes'], ['did:key:a', '-5']]) // 'space,bytes\r\ndid:key:a,-5\r\n'
 */
export function csvText(records: readonly (readonly string[])[]): string {
  return records.map((record) => `${record.map(field).join(',')}\r\n`).join('')
}

function field(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
