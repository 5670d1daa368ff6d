/**
 * Statements as pages to read and print.
 * @module
 */
import type { Period } from '@turnpike/core/billing/period'
import type { Quantities } from '@turnpike/core/billing/quantities'
import { chargesSection } from './page-charges.ts'
import { amountsText, countText, escapeHtml, figure, page } from './page.ts'
import { sizeText, storedText } from './page.ts'
import { daySection, lineSection, spaceSection, table } from './page-tables.ts'
import { OPERATOR, SUSPENSE } from './statement.ts'
import type { AccountTotal, Bill, Statement, Summary } from './statement.ts'

/** What accounts are for that pay nothing. */
const OURS: Readonly<Record<string, string>> = {
  [OPERATOR]: 'What is read on the operator’s own account: content that is in no space.',
  [SUSPENSE]:
    'Spaces that no customer owns. What is here is billed to whoever takes them on, in the month ' +
    'in which that is, and then stands here below zero.',
}

/**
 * The page of a statement.
 *
 * @param digest of the statement's JSON, so that page and JSON can be held side by side
 * @example
 * await writeFile('statement.html', statementHtml(statement, digest))
 */
export function statementHtml(statement: Statement, digest: string): string {
  const { status, period, gateway, account, total, bill, hours } = statement
  const main = [
    figures(total, period, bill),
    bill === null ? `<p>${OURS[account]} Nobody pays for it.</p>` : chargesSection(bill),
    daySection(hours, period),
    spaceSection(statement),
    lineSection(statement),
    checkSection(
      `Every figure is a sum of lines; a line is what one space used in one ${statement.linesBy}.`,
      digest,
    ),
  ]
  const facts = [['Account', account] as const, ...asOf(statement)]
  const head = { title: 'Statement', status, period, gateway, facts }
  return page(head, main.filter((part) => part !== '').join('\n'))
}

/** The page of a summary. */
export function summaryHtml(summary: Summary, digest: string): string {
  const { status, period, gateway, total, accounts } = summary
  const head =
    '<th>Account</th><th>Egress, bytes</th><th class="wide">Stored</th>' +
    '<th class="wide">Reads</th><th>Due</th>'
  const rows = accounts.map((account) => accountRow(account, period))
  const main = [
    figures(total, period, null),
    `<section><h2>Accounts</h2>${table(head, rows)}</section>`,
    checkSection('Accounts add up to what the ledger has of these hours.', digest),
  ]
  const facts = asOf(summary)
  return page({ title: 'All accounts', status, period, gateway, facts }, main.join('\n'))
}

function figures(total: Quantities, period: Period, bill: Bill | null): string {
  const { egressBytes, storageByteMs, reads, denied } = total
  const exact = `${countText(egressBytes)} bytes`
  const all = [
    bill === null
      ? ''
      : figure('Due', amountsText(bill.due), `of ${amountsText(bill.rated.totals)}`),
    figure('Egress', sizeText(egressBytes), exact),
    figure('Stored on average', storedText(storageByteMs, period), 'over the whole month'),
    figure('Reads', countText(reads), `${countText(denied)} refused`),
  ]
  return `<dl class="figures">${all.join('\n')}</dl>`
}

function accountRow(one: AccountTotal, period: Period): string {
  return `<tr><td class="name">${escapeHtml(one.account)}</td><td>${countText(one.egressBytes)}</td>
<td class="wide">${storedText(one.storageByteMs, period)}</td>
<td class="wide">${countText(one.reads)}</td><td>${amountsText(one.due)}</td></tr>`
}

/** Where what a page says can be held against something else. */
function checkSection(sums: string, digest: string): string {
  return `<section id="check"><h2>To check it</h2>
<p>${sums} Bytes are those of content that readers’ connections took; what was refused, and
our own error pages, cost nothing. The same as JSON has the SHA-256</p>
<p><code>${digest}</code></p></section>`
}

function asOf({ asOfEntry }: Statement | Summary): (readonly [string, string])[] {
  return asOfEntry === null ? [] : [['As of', `log entry ${countText(asOfEntry)}`]]
}
