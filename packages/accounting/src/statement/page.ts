/**
 * What statement pages have in common: one self-contained HTML document without scripts, to be read
 * on a screen, a phone, in the dark, and on paper.
 * @module
 */
import { formatMoney } from '@turnpike/core/billing/money'
import type { Money } from '@turnpike/core/billing/money'
import type { Period } from '@turnpike/core/billing/period'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { STATEMENT_STYLE } from './page-style.ts'
import { hourText } from './text.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const KIB = 1024n
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

/** Text for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** A whole number for people: `1,234,567`; below zero with a minus sign. */
export function countText(count: bigint | number): string {
  const digits = String(count).replace('-', '')
  return `${count < 0 ? '−' : ''}${digits.replaceAll(/\B(?=(\d{3})+$)/g, ',')}`
}

/** Bytes for people, two digits after the point, rounded down: `1.50 GiB`. */
export function sizeText(bytes: bigint): string {
  const size = bytes < 0n ? -bytes : bytes
  let unit = 0
  let divisor = 1n
  while (unit < UNITS.length - 1 && size >= divisor * KIB) {
    divisor *= KIB
    unit++
  }
  const sign = bytes < 0n ? '−' : ''
  if (unit === 0) return `${sign}${size} B`
  const hundredths = (size * 100n) / divisor
  const part = String(hundredths % 100n).padStart(2, '0')
  return `${sign}${countText(hundredths / 100n)}.${part} ${UNITS[unit]}`
}

/** Bytes that were stored all month, of byte-milliseconds; rounded down. */
export function storedText(byteMs: bigint, { firstEpoch, endEpoch }: Period): string {
  return sizeText(byteMs / BigInt((endEpoch - firstEpoch) * EPOCH_MS))
}

/** A number with the minus sign of typography. */
export function minus(text: string): string {
  return text.replace('-', '−')
}

/** Amounts for people; a dash for none. */
export function amountsText(amounts: readonly Money[]): string {
  return amounts.length === 0 ? '–' : amounts.map((one) => minus(formatMoney(one))).join(' + ')
}

/** A period for people: `November 2026`. */
export function monthText({ name }: Period): string {
  const [year, month] = name.split('-')
  return `${MONTHS[Number(month) - 1]} ${year}`
}

/** A figure in large type, with what it is and what it is exactly. */
export function figure(label: string, value: string, exact: string): string {
  return (
    `<div class="figure"><dt>${label}</dt><dd>${escapeHtml(value)}` +
    `<small>${escapeHtml(exact)}</small></dd></div>`
  )
}

/** The head of a page, to where its own part begins. */
export interface PageHead {
  readonly title: string
  readonly status: 'draft' | 'final'
  readonly period: Period
  readonly gateway: string
  /** Further facts: what it is, and its value. */
  readonly facts: readonly (readonly [name: string, value: string])[]
}

/**
 * A whole page around its main part.
 *
 * @param main as HTML
 * @example
 * page({ title: 'Statement', status, period, gateway, facts: [] }, '<section>…</section>')
 */
export function page({ title, status, period, gateway, facts }: PageHead, main: string): string {
  const month = monthText(period)
  const span = `${hourText(period.firstEpoch)} to ${hourText(period.endEpoch)}`
  const rows = [...facts, ['Hours (UTC)', span], ['Gateway', gateway]] as const
  const list = rows.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`,
  )
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}, ${month}</title>
<style>
${STATEMENT_STYLE}
</style>
</head>
<body>
<header>
<p class="kind">${title} <span class="status ${status}">${status}</span></p>
<h1>${month}</h1>
<dl class="facts">
${list.join('\n')}
</dl>
</header>
<main>
${main}
</main>
</body>
</html>
`
}
