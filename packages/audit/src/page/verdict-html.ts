/**
 * A verdict as HTML.
 * @module
 */
import type { Check, CheckName, Verdict } from '../bundle/verdict.ts'
import { escapeHtml } from './text.ts'

/** What each check is about, in few words. */
const TITLES: Readonly<Record<CheckName, string>> = {
  signatures: 'Signed by the log',
  anchors: 'Published and anchored',
  seals: 'Hours lead to the log’s root',
  entries: 'Reads lie in their hours',
  once: 'Nothing counts twice',
  sums: 'Sums and prices are right',
}

/**
 * A verdict, as HTML inside of a page.
 *
 * @param asShown whether the page shows the figures that were checked
 */
export function verdictHtml(verdict: Verdict, asShown: boolean): string {
  const { checks, notes, log, epochs } = verdict
  const holds = verdict.holds && asShown
  const page: Check = {
    name: 'sums',
    holds: asShown,
    says: asShown ? 'this page shows what was checked, to the digit' : '',
    findings: asShown
      ? []
      : [{ where: 'this page', expected: 'the figures of its data', found: 'others' }],
    findingsCount: asShown ? 0 : 1,
  }
  const items = [
    ...checks.map((check) => checkHtml(TITLES[check.name], check)),
    checkHtml('Shown as checked', page),
  ]
  const title = holds ? 'Verified' : 'Refused'
  const says = holds
    ? `Each line is the sum of what the log has of that hour, and leads to the root that its key
signed. ${anchorText(epochs.anchors)}`
    : 'This file is not what the gateway signed, or what it signed does not hold. Don’t rely on it.'
  return `<div class="verdict ${holds ? 'good' : 'bad'}" role="status">
<p class="stamp"><span aria-hidden="true">${holds ? '✓' : '✕'}</span>${title}</p><p>${says}</p>
</div>
<details${holds ? '' : ' open'}><summary>What was checked</summary>
<ul class="checks">${items.join('')}</ul>
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}
${log === '' ? '' : keyHtml(log)}</details>`
}

function keyHtml(log: string): string {
  return `<p>The log’s key, to hold against the one that you have from elsewhere:</p>
<p><code>${escapeHtml(log)}</code></p>`
}

/** Who holds the root. A page has no network, and so asks nobody. */
function anchorText(anchors: readonly string[]): string {
  const outside = anchors.filter((name) => name !== 'local').map(escapeHtml)
  return outside.length === 0
    ? 'Nobody but the gateway holds that root yet: it is the gateway’s own word.'
    : `The gateway says that ${outside.join(' and ')} holds it, too: turnpike receipts verify asks.`
}

function checkHtml(title: string, { holds, says, findings, findingsCount }: Check): string {
  const named = findings.map(
    ({ where, expected, found }) =>
      `<p class="finding"><b>${escapeHtml(where)}</b> expected ${escapeHtml(expected)},
got ${escapeHtml(found)}</p>`,
  )
  const rest = findingsCount - findings.length
  const more = rest === 0 ? '' : `<p class="finding">and ${rest} more</p>`
  return `<li class="${holds ? 'good' : 'bad'}"><b>${title}</b>
<span>${escapeHtml(says)}</span>${named.join('')}${more}</li>`
}
