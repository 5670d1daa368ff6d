/**
 * Self-checking statements: one HTML file with a statement, its proofs, and what verifies them, to
 * be opened in any browser without a network.
 * @module
 */
import { hash } from 'node:crypto'
import { parseBundle } from '../bundle/format.ts'
import { parseStatement } from '../bundle/statement.ts'
import { checkerScript } from './checker.ts'
import { statementHtml } from './statement-html.ts'
import { PAGE_STYLE } from './style.ts'
import { escapeHtml, monthText } from './text.ts'

const DATA_BEGIN = '<script type="application/json" id="bundle">'
const DATA_END = '</script>'

/**
 * The page of a statement bundle. It runs its own script and nothing else: a script that was
 * changed does not run, and the page then says that it was not checked.
 *
 * @throws {BadBundle} when the text is no bundle
 * @example
 * await writeFile('alice.html', await selfCheckingPage(bundleText))
 */
export async function selfCheckingPage(bundle: string): Promise<string> {
  const statement = parseStatement(parseBundle(bundle).statement)
  const script = await checkerScript()
  const title = `Statement, ${monthText(statement.periodName)}`
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(PAGE_STYLE)}'`,
    `script-src '${hashOf(script)}'`,
  ].join('; ')
  // In JSON, < stands in texts only.
  const data = bundle.trimEnd().replaceAll('<', String.raw`\u003c`)
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<div id="verdict"><div class="verdict"><p class="stamp">Not checked</p>
<p>This page checks itself by a script, which has not run. What it shows is not verified.</p>
</div></div>
<main id="statement">${statementHtml(statement)}</main>
${DATA_BEGIN}${data}${DATA_END}
<script>${script}</script>
</body>
</html>
`
}

/** The bundle that a page carries, as text; undefined for what is no such page. */
export function bundleInPage(html: string): string | undefined {
  const begin = html.indexOf(DATA_BEGIN)
  const end = html.indexOf(DATA_END, begin)
  if (!html.startsWith('<!DOCTYPE html>') || begin < 0 || end < 0) return undefined
  return html.slice(begin + DATA_BEGIN.length, end)
}

function hashOf(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}
