/**
 * The page of a folder listing: one self-contained HTML document, no script, nothing from
 * elsewhere.
 * @module
 */
import { carriedQuery } from '../carried-query.ts'
import { pageStart } from './page-style.ts'
import { cidLink } from './cid-link.ts'
import { escapeHtml, escapeSegment, humanBytes } from './escape.ts'
import type { FolderEntry } from '../walk/folder-entries.ts'
import { linkToString } from '@turnpike/core/link'
import type { Namespace, Site } from '../parse-request.ts'

/** What the page shows. */
export interface ListingPage {
  readonly site: Site
  /** Its query, of which links carry on who reads. */
  readonly params: URLSearchParams
  readonly namespace: Namespace
  /** Root CID or name as requested. */
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
export const LISTING_VERSION = '3'

/**
 * Pieces of the page, in order; each is whole characters, so that each can be encoded alone.
 *
 * @example
 * // [...listingPieces(page)].join('') is the document
 */
export function* listingPieces(page: ListingPage): Generator<string> {
  const path = `/${page.namespace}/${[page.rootText, ...page.segments].join('/')}`
  const title = escapeHtml(path)
  yield `${pageStart(title)}<header><div>
<h1>Index of ${breadcrumbs(page)}</h1>
<p>${countText(page)} · ${humanBytes(page.sizeBytes)}${ownCid(page)}</p>
</div></header>
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

/** The folder's own CID, where the address does not tell it. */
function ownCid(page: ListingPage): string {
  return page.cid === page.rootText ? '' : ` · ${escapeHtml(page.cid)}`
}

function countText(page: ListingPage): string {
  const count = page.entries.length.toLocaleString('en')
  if (page.more) return `the first ${count} entries of more, fetch the folder with ?format=car`
  return page.entries.length === 1 ? '1 entry' : `${count} entries`
}

/** Path of the folder on its own host; empty for the root of an origin. */
function folderPath({ site, namespace, rootText, segments }: ListingPage): string {
  const escaped = segments.map(escapeSegment)
  const names = site.kind === 'path' ? [namespace, rootText, ...escaped] : escaped
  return names.map((name) => `/${name}`).join('')
}

/** Address of a folder on the way, from wherever the page is seen. */
function crumbHref({ site, namespace, rootText, segments }: ListingPage, depth: number): string {
  const below = segments.slice(0, depth).map((name) => `/${escapeSegment(name)}`)
  if (site.kind === 'dnslink') return `//${site.authority}${below.join('') || '/'}`
  const root = `/${namespace}/${rootText}${below.join('')}`
  return site.kind === 'subdomain' ? `//${site.gateway}${root}` : root
}

function breadcrumbs(page: ListingPage): string {
  const names = [page.rootText, ...page.segments]
  const query = carriedQuery(page.params, '?')
  const crumbs = names.map(
    (name, depth) =>
      `<a href="${escapeHtml(crumbHref(page, depth) + query)}">${escapeHtml(name)}</a>`,
  )
  return `/${page.namespace}/${crumbs.join('/')}`
}

function backRow(page: ListingPage): string {
  const href = escapeHtml(`${folderPath(page)}/..${carriedQuery(page.params, '?')}`)
  return `<tr><td class="name" colspan="3"><a href="${href}">..</a></td></tr>\n`
}

function entryRow(page: ListingPage, entry: FolderEntry): string {
  const cid = linkToString(entry.link)
  const name = escapeSegment(entry.name)
  const href = `${folderPath(page)}/${name}${carriedQuery(page.params, '?')}`
  const named = `?filename=${encodeURIComponent(name)}${carriedQuery(page.params, '&')}`
  const short = `${cid.slice(0, 6)}…${cid.slice(-6)}`
  return (
    `<tr><td class="name"><a href="${escapeHtml(href)}">${escapeHtml(entry.name)}</a></td>` +
    `<td class="hash"><a class="ipfs-hash" translate="no" ${cidLink(page.site, cid, named)}>` +
    `${short}</a></td><td class="size">${humanBytes(entry.tsizeBytes)}</td></tr>\n`
  )
}
