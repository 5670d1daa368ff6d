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
import { escapeHtml, titleText } from './text.ts'

const DATA_BEGIN = '<script type="application/json" id="bundle">'
const DATA_END = '</script>'

/** What of a page is not the statement's. */
interface Machinery {
  readonly style: string
  readonly script: string
}

/** What a page is, beside what its data makes of it. */
export type PageStanding = 'own' | 'another script' | 'another page'

/**
 * The page of a statement bundle. It runs its own script and nothing else: a script that was
 * changed does not run, and the page then says that it was not checked.
 *
 * @throws {BadBundle} when the text is no bundle
 * @example
 * await writeFile('alice.html', await selfCheckingPage(bundleText))
 */
export async function selfCheckingPage(bundle: string): Promise<string> {
  return pageOf(bundle, { style: PAGE_STYLE, script: await checkerScript() })
}

/**
 * Whether a page shows what its data comes to: to the byte, but for a script and a style of some
 * other version, or of somebody else, by which it may look different or say anything of itself.
 *
 * @throws {BadBundle} when there is no bundle in it
 * @example
 * if ((await standingOfPage(html)) === 'another page') console.error('not what its data says')
 */
export async function standingOfPage(html: string): Promise<PageStanding> {
  const own = { style: PAGE_STYLE, script: await checkerScript() }
  const style = between(html, html.indexOf('<style>'), '<style>', '</style>')
  const script = between(html, html.lastIndexOf('<script>'), '<script>', '</script>')
  if (html !== pageOf(bundleInPage(html) ?? '', { style, script })) return 'another page'
  return style === own.style && script === own.script ? 'own' : 'another script'
}

function between(text: string, at: number, begin: string, end: string): string {
  const from = at + begin.length
  return at < 0 ? '' : text.slice(from, Math.max(from, text.indexOf(end, from)))
}

function pageOf(bundle: string, { style, script }: Machinery): string {
  const statement = parseStatement(parseBundle(bundle).statement)
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
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
<title>${escapeHtml(titleText(statement.periodName))}</title>
<style>${style}</style>
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
