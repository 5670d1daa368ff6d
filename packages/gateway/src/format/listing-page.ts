/**
 * The page of a folder listing: one self-contained HTML document, no script, nothing from elsewhere.
 * @module
 */
import { escapeHtml, escapeSegment, humanBytes } from './escape.ts'
import type { FolderEntry } from '../walk/folder-entries.ts'
import { linkToString } from '@turnpike/core/link'

/** What the page shows. */
export interface ListingPage {
  /** Root CID as requested. */
  readonly rootText: string
  /** Names from the root to the folder. */
  readonly segments: readonly string[]
  /** CID of the folder. */
  readonly cid: string
  readonly sizeBytes: number
  readonly entries: readonly FolderEntry[]
  /** Whether the folder has more entries than are shown. */
  readonly more: boolean
}

/** Changes whenever the page's markup or style does: part of its entity tag. */
export const LISTING_VERSION = '1'

const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#dfe5ec;--paper:#fff;--shade:#f5f7fa;--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#93a1b3;--line:#2b3542;--paper:#12171e;--shade:#1a212b;--link:#7cb7ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header{max-width:64rem;margin:0 auto;padding:1rem}
header{padding-top:2rem}
h1{font-size:1.15rem;font-weight:600;margin:0 0 .5rem;overflow-wrap:anywhere}
p{margin:0;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
table{width:100%;border-collapse:collapse;border:1px solid var(--line);border-radius:.5rem}
td{padding:.55rem .75rem;border-top:1px solid var(--line);vertical-align:baseline}
tr:first-child td{border-top:0}
tr:hover td{background:var(--shade)}
.name{overflow-wrap:anywhere}
.hash{width:12rem;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:nowrap}
.hash a{color:var(--soft)}
.size{width:6rem;text-align:right;white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}
@media(max-width:40rem){.hash{display:none}main,header{padding:.75rem}td{padding:.7rem .5rem}}
`.trim()

/**
 * Pieces of the page, in order; each is whole characters, so that each can be encoded alone.
 *
 * @example
 * // [...listingPieces(page)].join('') is the document
 */
export function* listingPieces(page: ListingPage): Generator<string> {
  const path = `/ipfs/${[page.rootText, ...page.segments].join('/')}`
  const title = escapeHtml(path)
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Index of ${breadcrumbs(page)}</h1>
<p>${escapeHtml(page.cid)} · ${countText(page)} · ${humanBytes(page.sizeBytes)}</p>
</header>
<main>
<table>
`
  if (page.segments.length > 0) yield backRow(page)
  for (const entry of page.entries) yield entryRow(page, entry)
  yield `</table>
</main>
</body>
</html>
`
}

function countText(page: ListingPage): string {
  const count = page.entries.length.toLocaleString('en')
  if (page.more) return `the first ${count} entries of more, fetch the folder with ?format=car`
  return page.entries.length === 1 ? '1 entry' : `${count} entries`
}

function folderPath(page: ListingPage, depth: number): string {
  return `/ipfs/${[page.rootText, ...page.segments.slice(0, depth).map(escapeSegment)].join('/')}`
}

function breadcrumbs(page: ListingPage): string {
  const names = [page.rootText, ...page.segments]
  const crumbs = names.map(
    (name, depth) => `<a href="${escapeHtml(folderPath(page, depth))}">${escapeHtml(name)}</a>`,
  )
  return `/ipfs/${crumbs.join('/')}`
}

function backRow(page: ListingPage): string {
  const href = escapeHtml(`${folderPath(page, page.segments.length)}/..`)
  return `<tr><td class="name" colspan="3"><a href="${href}">..</a></td></tr>\n`
}

function entryRow(page: ListingPage, entry: FolderEntry): string {
  const cid = linkToString(entry.link)
  const name = escapeSegment(entry.name)
  const href = `${folderPath(page, page.segments.length)}/${name}`
  const hashHref = `/ipfs/${cid}?filename=${encodeURIComponent(name)}`
  const short = `${cid.slice(0, 6)}…${cid.slice(-6)}`
  return (
    `<tr><td class="name"><a href="${escapeHtml(href)}">${escapeHtml(entry.name)}</a></td>` +
    `<td class="hash"><a class="ipfs-hash" translate="no" href="${escapeHtml(hashHref)}">` +
    `${short}</a></td><td class="size">${humanBytes(entry.tsizeBytes)}</td></tr>\n`
  )
}
