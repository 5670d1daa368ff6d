/**
 * Numbers and times for people.
 * @module
 */
import { EPOCH_MS } from '../bundle/statement.ts'
import type { Amount } from '../bundle/statement.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const KIB = 1024n
const MICROS = 1_000_000n
const MONTHS =
  'January February March April May June July August September October November December'.split(' ')

/** Text for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** A whole number: `1,234,567`; below zero with the minus sign of typography. */
export function countText(count: bigint | number): string {
  const digits = String(count).replace('-', '')
  return `${count < 0 ? '−' : ''}${digits.replaceAll(/\B(?=(\d{3})+$)/g, ',')}`
}

/** Bytes, two digits after the point, rounded down: `1.50 GiB`. */
export function sizeText(bytes: bigint): string {
  const size = bytes < 0n ? -bytes : bytes
  const sign = bytes < 0n ? '−' : ''
  let unit = 0
  let divisor = 1n
  while (unit < UNITS.length - 1 && size >= divisor * KIB) {
    divisor *= KIB
    unit++
  }
  if (unit === 0) return `${sign}${size} B`
  const hundredths = (size * 100n) / divisor
  const part = String(hundredths % 100n).padStart(2, '0')
  return `${sign}${countText(hundredths / 100n)}.${part} ${UNITS[unit]}`
}

/** Money: `12.50`, with as many digits as there are, two at least. */
export function microsText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const part = String(size % MICROS).padStart(6, '0')
  const shown = part.replace(/0+$/, '').padEnd(2, '0')
  return `${micros < 0n ? '−' : ''}${countText(size / MICROS)}.${shown}`
}

/** Amounts: `12.50 EUR + 1.00 USD`; a dash for none. */
export function amountsText(amounts: readonly Amount[]): string {
  const texts = amounts.map(({ currency, micros }) => `${microsText(micros)} ${currency}`)
  return texts.length === 0 ? '–' : texts.join(' + ')
}

/** A month: `November 2026`. */
export function monthText(name: string): string {
  const [year, month] = name.split('-')
  return `${MONTHS[Number(month) - 1] ?? month} ${year}`
}

/** What a statement's page is called; of a month that can't be read, just that. */
export function titleText(periodName: string): string {
  return periodName === '' ? 'Statement' : `Statement, ${monthText(periodName)}`
}

/** The start of an hour: `2026-11-21 07:00`. */
export function hourText(epoch: number): string {
  return new Date(epoch * EPOCH_MS).toISOString().slice(0, 16).replace('T', ' ')
}
