/**
 * What was used, as tables of a statement's page: by day, by space, line by line.
 * @module
 */
import type { Period } from '@turnpike/core/billing/period'
import { STATEMENT_PAGE_LINES_MAX } from '@turnpike/core/limits/billing'
import { dayChart, daysOf } from './day-chart.ts'
import { countText, escapeHtml, storedText } from './page.ts'
import type { SpaceTotal, StatementLine } from './statement.ts'
import { hourText } from './text.ts'

/** A table: its head as HTML, and its rows. */
export function table(head: string, rows: readonly string[]): string {
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`
}

/** Egress by day, as a chart and in figures. */
export function daySection(lines: readonly StatementLine[], period: Period): string {
  const days = daysOf(lines, period)
  const rows = days
    .filter((day) => day.reads !== 0 || day.egressBytes !== 0n || day.voidedBytes !== 0n)
    .map(
      (day) => `<tr><td>${day.date}</td><td>${countText(day.egressBytes)}</td>
<td class="wide">${countText(day.voidedBytes)}</td><td>${countText(day.reads)}</td></tr>`,
    )
  const head = '<th>Day</th><th>Egress, bytes</th><th class="wide">Credited</th><th>Reads</th>'
  const shown = rows.length === 0 ? '<p>Nothing was read.</p>' : table(head, rows)
  return `<section><h2>Egress by day</h2>${dayChart(days)}${shown}</section>`
}

/** What each space used. */
export function spaceSection(spaces: readonly SpaceTotal[], period: Period): string {
  if (spaces.length === 0) return ''
  const rows = spaces.map(
    (one) => `<tr><td class="name">${nameOf(one.space)}</td><td>${countText(one.egressBytes)}</td>
<td class="wide">${storedText(one.storageByteMs, period)}</td>
<td>${countText(one.reads)}</td></tr>`,
  )
  const head = '<th>Space</th><th>Egress, bytes</th><th class="wide">Stored</th><th>Reads</th>'
  return `<section><h2>Spaces</h2>${table(head, rows)}</section>`
}

/** Lines about reads, folded away. Those beyond the bound are counted only. */
export function lineSection(lines: readonly StatementLine[]): string {
  const read = lines.filter((line) => line.reads !== 0 || line.egressBytes !== 0n)
  if (read.length === 0) return ''
  const rows = read.slice(0, STATEMENT_PAGE_LINES_MAX).map(
    (line) => `<tr><td>${hourText(line.epoch)}${laterNote(line)}</td>
<td class="name">${nameOf(line.space)}</td>
<td>${countText(line.egressBytes)}</td><td>${countText(line.reads)}</td></tr>`,
  )
  const left = read.length - rows.length
  const more = left > 0 ? `<p>${countText(left)} lines more are in the JSON and the CSV.</p>` : ''
  const head = '<th>Hour</th><th>Space</th><th>Egress, bytes</th><th>Reads</th>'
  const title = `<summary>${countText(read.length)} lines, a space and hour each</summary>`
  return `<section><details>${title}${table(head, rows)}${more}</details></section>`
}

function laterNote({ epoch, billedEpoch }: StatementLine): string {
  return billedEpoch === epoch ? '' : `<small>counts in ${hourText(billedEpoch)}</small>`
}

function nameOf(space: string): string {
  return space === '' ? '(the log does not say)' : escapeHtml(space)
}
