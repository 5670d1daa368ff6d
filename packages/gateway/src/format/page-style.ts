/**
 * What our own pages have in common: a style sheet, readable on a phone and in the dark, and
 * headers that let nothing in from elsewhere.
 * @module
 */
import type { HeaderLine } from '../meter.ts'

/**
 * Headers of a page that we generate: whatever it shows, it loads nothing, runs nothing, and tells
 * no other site where its reader was.
 */
export const PAGE_HEADERS: readonly HeaderLine[] = [
  [
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  ],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
]

/** CSS, to stand in a `style` element. */
export const PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #5b6878; --line: #dde4ec; --paper: #fff; --shade: #f4f7fa;
  --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf2; --soft: #93a1b3; --line: #2a3441; --paper: #11161d; --shade: #19202a;
    --link: #7cb7ff;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { background: var(--shade); border-bottom: 1px solid var(--line) }
header > div, main { max-width: 64rem; margin: 0 auto; padding: 1.25rem 1rem }
h1 { font-size: 1.15rem; font-weight: 600; margin: 0 0 .35rem; overflow-wrap: anywhere }
p { margin: 0; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
table { width: 100%; border-spacing: 0; border: 1px solid var(--line); border-radius: .5rem }
td { padding: .55rem .8rem; border-top: 1px solid var(--line); vertical-align: baseline }
tr:first-child td { border-top: 0 }
tr:hover td { background: var(--shade) }
.name { overflow-wrap: anywhere }
.hash { width: 12rem; white-space: nowrap; font: .8125rem/1.5 ui-monospace, Menlo, monospace }
.hash a { color: var(--soft) }
.size {
  width: 6rem; text-align: right; white-space: nowrap; color: var(--soft);
  font-variant-numeric: tabular-nums;
}
@media (max-width: 40rem) {
  .hash { display: none }
  header > div, main { padding: .85rem .75rem }
  td { padding: .7rem .5rem }
}
`.trim()

/**
 * A page from its first line to its body: it scales on phones, and tells nobody where links were
 * followed from.
 *
 * @param title as HTML
 * @param style rules of this page alone
 * @example
 * pageStart('404 Not Found') // '<!DOCTYPE html>…<body>\n'
 */
export function pageStart(title: string, style = ''): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${PAGE_STYLE}${style === '' ? '' : `\n${style}`}</style>
</head>
<body>
`
}
