/**
 * What was used, as tables of a statement's page: by day, by space, line by line.
 * @module
 */
import type { Period } from '@turnpike/core/billing/period'
import { STATEMENT_PAGE_LINES_MAX } from '@turnpike/core/limits/billing'
import { dayChart, daysOf } from './day-chart.ts'
import { countText, escapeHtml, storedText } from './page.ts'
import type { HourTotal, Statement, StatementLine } from './statement.ts'
import { timeWriter } from './text.ts'

/** A table: its head as HTML, and its rows. */
export function table(head: string, rows: readonly string[]): string {
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`
}

/** Egress by day, as a chart and in figures. */
export function daySection(hours: readonly HourTotal[], period: Period): string {
  const days = daysOf(hours, period)
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

/** What each space used. Those beyond the bound are counted only. */
export function spaceSection({ spaces, spacesLeftOff, period }: Statement): string {
  if (spaces.length === 0) return ''
  const rows = spaces.slice(0, STATEMENT_PAGE_LINES_MAX).map(
    (one) => `<tr><td class="name">${nameOf(one.space)}</td><td>${countText(one.egressBytes)}</td>
<td class="wide">${storedText(one.storageByteMs, period)}</td>
<td>${countText(one.reads)}</td></tr>`,
  )
  const head = '<th>Space</th><th>Egress, bytes</th><th class="wide">Stored</th><th>Reads</th>'
  const more = moreNote('spaces', spaces.length - rows.length, 'in the JSON')
  const rest = moreNote('spaces', spacesLeftOff, 'only in the sums')
  return `<section><h2>Spaces</h2>${table(head, rows)}${more}${rest}</section>`
}

/** Lines about reads, folded away. Those beyond the bound are counted only. */
export function lineSection({ lines, linesBy, linesLeftOff }: Statement): string {
  const read = lines.filter((line) => line.reads !== 0 || line.egressBytes !== 0n)
  if (read.length === 0 && linesLeftOff === 0) return ''
  const timeText = timeWriter(linesBy)
  const rows = read.slice(0, STATEMENT_PAGE_LINES_MAX).map(
    (line) => `<tr><td>${timeText(line.epoch)}${laterNote(line, timeText)}</td>
<td class="name">${nameOf(line.space)}</td>
<td>${countText(line.egressBytes)}</td><td>${countText(line.reads)}</td></tr>`,
  )
  const more = moreNote('lines', read.length - rows.length, 'in the JSON and the CSV')
  const rest = moreNote('lines', linesLeftOff, 'only in the sums by space')
  const [unit, name] = linesBy === 'day' ? ['day', 'Day'] : ['hour', 'Hour']
  const head = `<th>${name}</th><th>Space</th><th>Egress, bytes</th><th>Reads</th>`
  const title = `<summary>${countText(read.length)} lines, a space and ${unit} each</summary>`
  return `<section><details>${title}${table(head, rows)}${more}${rest}</details></section>`
}

function moreNote(what: string, count: number, where: string): string {
  return count === 0 ? '' : `<p>${countText(count)} ${what} more are ${where}.</p>`
}

function laterNote(line: StatementLine, timeText: (epoch: number) => string): string {
  const { epoch, billedEpoch } = line
  return billedEpoch === epoch ? '' : `<small>counts in ${timeText(billedEpoch)}</small>`
}

function nameOf(space: string): string {
  return space === '' ? '(the log does not say)' : escapeHtml(space)
}
