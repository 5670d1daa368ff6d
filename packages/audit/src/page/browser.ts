/**
 * What a self-checking statement runs: it checks its own data and its own figures, and says so.
 * `checker.ts` bundles it.
 * @module
 */
import { verifyBundle } from '../bundle/verify.ts'
import { nobleCrypto } from '../noble-crypto.ts'
import { statementHtml } from './statement-html.ts'
import { PAGE_STYLE } from './style.ts'
import { titleText } from './text.ts'
import { verdictHtml } from './verdict-html.ts'

function check(): void {
  const data = document.getElementById('bundle')?.textContent ?? ''
  const { verdict, statement } = verifyBundle(data, {}, nobleCrypto)
  const shown = document.createElement('main')
  shown.id = 'statement'
  if (statement !== undefined) shown.innerHTML = statementHtml(statement)
  // Whatever a digit of the page was changed to, what the data says is something else.
  const asShown = shown.isEqualNode(document.getElementById('statement'))
  const said = document.createElement('div')
  said.id = 'verdict'
  said.innerHTML = verdictHtml(verdict, asShown)
  draw(said, shown, titleText(verdict.period))
  document.documentElement.dataset['verdict'] = verdict.holds && asShown ? 'holds' : 'fails'
}

/**
 * Shows what was checked, and nothing else of the page: whatever lay over it, beside it or in a
 * shadow of it, and looked as if it were checked, too.
 */
function draw(said: HTMLElement, shown: HTMLElement, title: string): void {
  const root = document.documentElement
  for (const name of root.getAttributeNames()) root.removeAttribute(name)
  root.lang = 'en'
  for (const one of document.querySelectorAll('style, link, base')) one.remove()
  const style = document.createElement('style')
  style.textContent = PAGE_STYLE
  document.head.append(style)
  document.title = title
  const body = document.createElement('body')
  body.append(said, shown, ...document.scripts)
  document.body.replaceWith(body)
}

// After the page is drawn: a long statement takes a second or two.
setTimeout(check)
