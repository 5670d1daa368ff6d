/**
 * A statement as HTML, of nothing but its JSON: the page has it when it is made, and makes it again
 * of the figures that it has checked, to see whether they are the same.
 * @module
 */
import { EPOCH_MS } from '../bundle/statement.ts'
import type { Bill, Charge, Meter, Statement, Used } from '../bundle/statement.ts'
import { amountsText, countText, escapeHtml, hourText, microsText } from './text.ts'
import { monthText, sizeText } from './text.ts'

/** Lines that a page lists; the others are in its data. */
export const PAGE_LINES_MAX = 2000
/** Lines that stand open; more are folded away. */
const LINES_OPEN_MAX = 48

/** A statement, as HTML inside of a page. */
export function statementHtml(statement: Statement): string {
  const { periodName, status, account, gateway, firstEpoch, endEpoch, asOfEntry } = statement
  const facts = [
    ['Account', account],
    ['Hours (UTC)', `${hourText(firstEpoch)} to ${hourText(endEpoch)}`],
    ...(asOfEntry === null ? [] : [['As of', `log entry ${countText(asOfEntry)}`]]),
    ['Gateway', gateway],
  ]
  const list = facts.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value!)}</dd></div>`,
  )
  return `<p class="kind">Statement <span class="status">${escapeHtml(status)}</span></p>
<h1>${escapeHtml(monthText(periodName))}</h1>
<dl class="facts">${list.join('')}</dl>
${figures(statement)}
${statement.bill === null ? '' : billHtml(statement.bill)}
${spacesHtml(statement)}
${linesHtml(statement)}`
}

function figures({ total, bill, firstEpoch, endEpoch }: Statement): string {
  const stored = total.storageByteMs / BigInt((endEpoch - firstEpoch) * EPOCH_MS)
  const all = [
    ...(bill === null ? [] : [['Due', amountsText(bill.due), `of ${amountsText(bill.total)}`]]),
    ['Egress', sizeText(total.egressBytes), exactText(total)],
    ['Reads', countText(total.reads), `${countText(total.denied)} refused`],
    ['Stored', sizeText(stored), 'all month, on average'],
  ]
  const items = all.map(
    ([label, value, exact]) =>
      `<div><dt>${label}</dt><dd>${escapeHtml(value!)}
<small>${escapeHtml(exact!)}</small></dd></div>`,
  )
  return `<dl class="figures">${items.join('')}</dl>`
}

function exactText({ egressBytes, voidedBytes }: Used): string {
  const credited = voidedBytes === 0n ? '' : `, ${countText(voidedBytes)} credited`
  return `${countText(egressBytes)} bytes${credited}`
}

function billHtml({ charges, total, paid, due }: Bill): string {
  const sums = [
    ['Total', amountsText(total)],
    ...(paid.length === 0 ? [] : [['Paid from balance', amountsText(paid)]]),
    ['Due', amountsText(due)],
  ]
  const foot = sums.map(([name, text]) => `<tr><td>${name}</td>${cell(text!, 4)}</tr>`)
  return `<h2>Charges</h2><div class="scroll"><table><thead><tr><th>What</th>
<th class="wide">Used</th><th class="wide">Included</th><th>Overage</th><th>Amount</th></tr></thead>
<tbody>${charges.map(chargeRows).join('')}</tbody><tfoot>${foot.join('')}</tfoot></table></div>`
}

function chargeRows({ plan, currency, firstEpoch, endEpoch, ...charge }: Charge): string {
  const ms = BigInt((endEpoch - firstEpoch) * EPOCH_MS)
  const hours = `${hourText(firstEpoch)} to ${hourText(endEpoch)}`
  return `<tr class="plan"><td colspan="5">${escapeHtml(plan)}<small>${hours}</small></td></tr>
<tr><td>Fee</td>${cell('', 1, 'wide')}${cell('', 1, 'wide')}${cell('')}${cell(
    microsText(charge.feeMicros),
  )}</tr>
${meterRow('Egress', charge.egress, currency, 1n)}
${meterRow('Storage', charge.storage, currency, ms)}`
}

function meterRow(
  name: string,
  { used, included, granted, overage, prices, micros }: Meter,
  currency: string,
  unit: bigint,
): string {
  const steps = prices.map(({ upToBytes, microsPerGib }) =>
    upToBytes === null
      ? `${microsText(microsPerGib)} ${currency} a GiB`
      : `${microsText(microsPerGib)} up to ${sizeText(upToBytes)}, then `,
  )
  return `<tr><td>${name}<small>${escapeHtml(steps.join(''))}</small></td>
${cell(sizeText(used / unit), 1, 'wide')}${cell(sizeText((included + granted) / unit), 1, 'wide')}
${cell(sizeText(overage / unit))}${cell(microsText(micros))}</tr>`
}

function spacesHtml({ spaces }: Statement): string {
  if (spaces.length < 2) return ''
  return `<h2>Spaces</h2>${table(
    'Space',
    spaces.slice(0, PAGE_LINES_MAX).map((one) => usedRow(one.space, '', one)),
    spaces.length,
  )}`
}

function linesHtml({ lines }: Statement): string {
  const read = lines.filter(({ reads, egressBytes }) => reads !== 0n || egressBytes !== 0n)
  if (read.length === 0) return '<p>Nothing was read.</p>'
  const rows = read.slice(0, PAGE_LINES_MAX).map((line) => {
    const later = line.billedEpoch === line.epoch ? '' : `, counts in ${hourText(line.billedEpoch)}`
    return usedRow(`${hourText(line.epoch)}${later}`, line.space, line)
  })
  const inner = table('Hour and space', rows, read.length)
  const count = `${countText(read.length)} ${read.length === 1 ? 'line' : 'lines'}`
  const open = read.length > LINES_OPEN_MAX ? '' : ' open'
  const title = `<summary>${count}, an hour and a space each</summary>`
  return `<h2>Line by line</h2><details${open}>${title}${inner}</details>`
}

function usedRow(name: string, below: string, { egressBytes, reads }: Used): string {
  const small = below === '' ? '' : `<small>${escapeHtml(below)}</small>`
  return `<tr><td class="name">${escapeHtml(name)}${small}</td>
${cell(countText(egressBytes))}${cell(countText(reads))}</tr>`
}

function table(head: string, rows: readonly string[], count: number): string {
  const more = count - rows.length
  const rest = more === 0 ? '' : `<p>${countText(more)} more are in this page’s data.</p>`
  return `<div class="scroll"><table><thead><tr><th>${head}</th><th>Egress, bytes</th>
<th>Reads</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>${rest}`
}

function cell(text: string, columns = 1, kind = ''): string {
  const span = columns === 1 ? '' : ` colspan="${columns}"`
  return `<td${kind === '' ? '' : ` class="${kind}"`}${span}>${escapeHtml(text)}</td>`
}
