/**
 * What a self-checking statement runs: it checks its own data and its own figures, and says so.
 * `checker.ts` bundles it.
 * @module
 */
import { verifyBundle } from '../bundle/verify.ts'
import { nobleCrypto } from '../noble-crypto.ts'
import { statementHtml } from './statement-html.ts'
import { verdictHtml } from './verdict-html.ts'

function check(): void {
  const data = document.getElementById('bundle')!.textContent
  const { verdict, statement } = verifyBundle(data, {}, nobleCrypto)
  const shown = document.createElement('main')
  shown.id = 'statement'
  if (statement !== undefined) shown.innerHTML = statementHtml(statement)
  // Whatever a digit of the page was changed to, what the data says is something else.
  const asShown = shown.isEqualNode(document.getElementById('statement'))
  document.getElementById('verdict')!.innerHTML = verdictHtml(verdict, asShown)
  document.documentElement.dataset['verdict'] = verdict.holds && asShown ? 'holds' : 'fails'
}

// After the page is drawn: a long statement takes a second or two.
setTimeout(check)
