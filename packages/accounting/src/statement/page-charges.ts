/**
 * What a month costs, as a table of a statement's page.
 * @module
 */
import { formatMicros, formatMoney } from '@turnpike/core/billing/money'
import type { Money } from '@turnpike/core/billing/money'
import type { MeterTerms } from '@turnpike/core/billing/plan'
import { msOf } from '@turnpike/core/billing/price'
import type { StretchCharge } from '@turnpike/core/billing/rate'
import { countText, escapeHtml, minus, sizeText } from './page.ts'
import type { Bill } from './statement.ts'
import { hourText } from './text.ts'

/**
 * Charges of a bill, stretch by stretch, and their sums.
 *
 * @returns HTML
 */
export function chargesSection({ rated, paid, due, opening }: Bill): string {
  const back = paid.map(({ currency, micros }) => ({ currency, micros: -micros }))
  const sums = [
    ...sumRows('Total', rated.totals),
    ...sumRows('Paid from balance', back),
    ...sumRows('Due', due),
  ]
  return `<section><h2>Charges</h2><div class="scroll"><table>
<thead><tr><th>What</th><th class="wide">Used</th><th class="wide">Included</th>
<th class="wide">Granted</th><th>Overage</th><th>Amount</th></tr></thead>
<tbody>${rated.stretches.map(stretchRows).join('\n')}</tbody>
<tfoot>${sums.join('\n')}</tfoot></table></div>
${creditNote(opening.creditBytes, rated.creditBytes)}</section>`
}

function stretchRows({ plan, firstEpoch, endEpoch, ...charge }: StretchCharge): string {
  const { egress, storage } = charge
  const ms = msOf({ firstEpoch, endEpoch })
  const stored = (byteMs: bigint): string => sizeText(byteMs / ms)
  return `<tr class="plan"><td colspan="6">${escapeHtml(plan.name)}
<small>${hourText(firstEpoch)} to ${hourText(endEpoch)}</small></td></tr>
${chargeRow('Fee', ['', '', '', ''], charge.feeMicros)}
${chargeRow(
  `Egress<small>${priceText(plan.egress, plan.currency)}</small>`,
  [egress.usedBytes, egress.includedBytes, egress.grantedBytes, egress.overageBytes].map(sizeText),
  egress.micros,
)}
${chargeRow(
  `Storage<small>${priceText(plan.storage, plan.currency)} and month</small>`,
  [stored(storage.usedByteMs), stored(storage.includedByteMs), '', stored(storage.overageByteMs)],
  storage.micros,
)}`
}

function chargeRow(what: string, cells: readonly string[], micros: bigint): string {
  const [used, included, granted, overage] = cells
  return `<tr><td>${what}</td><td class="wide">${used}</td><td class="wide">${included}</td>
<td class="wide">${granted}</td><td>${overage}</td><td>${minus(formatMicros(micros))}</td></tr>`
}

function priceText({ tiers, overageMicrosPerGib }: MeterTerms, currency: string): string {
  const beyond = `${formatMicros(overageMicrosPerGib)} ${escapeHtml(currency)} a GiB`
  if (tiers.length === 0) return beyond
  const first = tiers.map(
    ({ upToBytes, microsPerGib }) => `${formatMicros(microsPerGib)} up to ${sizeText(upToBytes)}`,
  )
  return `${first.join(', ')}, then ${beyond}`
}

function sumRows(name: string, amounts: readonly Money[]): string[] {
  return amounts.map(
    (amount) => `<tr class="sum"><td>${name}</td><td class="wide" colspan="3"></td>
<td colspan="2">${minus(formatMoney(amount))}</td></tr>`,
  )
}

function creditNote(openingBytes: bigint, leftBytes: bigint): string {
  if (openingBytes === 0n && leftBytes === 0n) return ''
  return `<p>Credited before this month, and taken off here: ${countText(openingBytes)} bytes.
Left for the next month: ${countText(leftBytes)} bytes.</p>`
}
