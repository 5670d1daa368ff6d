/**
 * The page of a value in IPLD: one self-contained HTML document, no script, nothing from elsewhere.
 * @module
 */
import { CID } from 'multiformats/cid'
import {
  PREVIEW_BYTES_MAX,
  PREVIEW_DEPTH_MAX,
  PREVIEW_TEXT_CHARS_MAX,
  PREVIEW_VALUES_MAX,
} from '@turnpike/core/limits'
import { linkFromCid, linkToString } from '@turnpike/core/link'
import { escapeHtml, humanBytes } from './escape.ts'
import { pageStart } from './page-style.ts'
import type { Site } from '../parse-request.ts'
import { cidLink } from './cid-link.ts'

/** What the page shows. */
export interface PreviewPage {
  readonly site: Site
  /** The path as asked for, for people. */
  readonly path: string
  readonly cid: string
  /** Name of the block's codec. */
  readonly codec: string
  readonly sizeBytes: number
  /** Other representations: their names, and the queries that ask for them. */
  readonly others: readonly (readonly [name: string, query: string])[]
  readonly shown: PreviewShown
}

/** The value; or the start of what is no value or too large to be shown as one, and why. */
export type PreviewShown =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'text' | 'bytes'; readonly start: Uint8Array; readonly why: string }

/** Changes whenever the page's markup or style does: part of its entity tag. */
export const PREVIEW_VERSION = '1'

const PREVIEW_STYLE = `
ul { list-style: none; margin: 0; padding: 0 0 0 .9rem; border-left: 1px solid var(--line) }
main > .value, li { overflow-wrap: anywhere }
li { padding: .2rem 0 }
summary { cursor: pointer; color: var(--soft); font-size: .875rem }
li > details { margin-top: .1rem }
.key { font-weight: 600; margin-right: .5rem; unicode-bidi: isolate }
.key::after { content: ":" }
.text { white-space: pre-wrap; unicode-bidi: isolate }
.text::before, .text::after { content: "\\201d"; color: var(--soft) }
.text::before { content: "\\201c" }
code, pre { font: .875rem/1.5 ui-monospace, Menlo, monospace; overflow-wrap: anywhere; margin: 0 }
pre { white-space: pre-wrap }
.more { color: var(--soft); font-size: .875rem }
nav { margin-top: .5rem; font-size: .875rem }
nav a { display: inline-block; padding: .35rem .75rem .35rem 0 }
`.trim()

const utf8 = new TextDecoder()

/**
 * Pieces of the page, in order; each is whole characters, so that each can be encoded alone.
 *
 * @example
 * // [...previewPieces(page)].join('') is the document
 */
export function* previewPieces(page: PreviewPage): Generator<string> {
  const path = escapeHtml(page.path)
  const others = page.others.map(([name, query]) => `<a href="${escapeHtml(query)}">${name}</a>`)
  yield `${pageStart(path, PREVIEW_STYLE)}<header><div>
<h1>${path}</h1>
<p>${page.codec} · ${humanBytes(page.sizeBytes)} · <span translate="no">${page.cid}</span></p>
<nav>${others.join('\n')}</nav>
</div></header>
<main>
`
  yield* shownPieces(page)
  yield `</main>
</body>
</html>
`
}

function* shownPieces({ shown, site }: PreviewPage): Generator<string> {
  if (shown.kind === 'value') {
    yield '<div class="value">'
    yield* new Tree(site).pieces(shown.value, 0)
    yield '</div>\n'
    return
  }
  yield `<p>${escapeHtml(shown.why)}</p>\n`
  const text = shown.kind === 'text' ? cut(utf8.decode(shown.start)) : hex(shown.start)
  yield `<pre>${escapeHtml(text)}…</pre>\n`
}

/** A value as nested lists, until as many values were shown as there may be. */
class Tree {
  readonly #site: Site
  #left = PREVIEW_VALUES_MAX

  constructor(site: Site) {
    this.#site = site
  }

  *pieces(value: unknown, depth: number): Generator<string> {
    this.#left--
    const cid = CID.asCID(value)
    if (cid !== null) {
      const text = linkToString(linkFromCid(cid))
      yield `<a translate="no" ${cidLink(this.#site, text, '/')}>${text}</a>`
    } else if (value instanceof Uint8Array) yield bytesHtml(value)
    else if (typeof value === 'string') yield textHtml(value)
    else if (typeof value !== 'object' || value === null) yield code(cut(String(value)))
    else if (depth >= PREVIEW_DEPTH_MAX) yield more('what is nested deeper is not shown')
    else yield* this.#fields(value, depth)
  }

  *#fields(value: object, depth: number): Generator<string> {
    const isList = Array.isArray(value)
    // Names of the items of a list are made one by one: it may have a million.
    const keys = isList ? value.keys() : Object.keys(value)
    const count = isList ? value.length : (keys as string[]).length
    if (count === 0) return yield code(isList ? '[]' : '{}')
    yield `<details open><summary>${countOf(count, isList ? 'item' : 'field')}</summary><ul>\n`
    for (const key of keys) {
      if (this.#left <= 0) {
        yield `<li>${more('what follows is not shown: ask for the block itself')}</li>\n`
        break
      }
      yield `<li><span class="key">${escapeHtml(cut(String(key)))}</span> `
      yield* this.pieces((value as Record<string, unknown>)[key], depth + 1)
      yield '</li>\n'
    }
    yield '</ul></details>'
  }
}

function textHtml(text: string): string {
  const shown = cut(text)
  const left = text.length - shown.length
  const rest = left <= 0 ? '' : ` ${more(`and ${countOf(left, 'character')} more`)}`
  return `<span class="text">${escapeHtml(shown)}</span>${rest}`
}

function bytesHtml(bytes: Uint8Array): string {
  const dots = bytes.length > PREVIEW_BYTES_MAX ? '…' : ''
  return `${code(`0x${hex(bytes)}${dots}`)} ${more(countOf(bytes.length, 'byte'))}`
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`
}

function more(text: string): string {
  return `<span class="more">${text}</span>`
}

function countOf(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}

/** The start of a text, without the half of a character at its end. */
function cut(text: string): string {
  if (text.length <= PREVIEW_TEXT_CHARS_MAX) return text
  const start = text.slice(0, PREVIEW_TEXT_CHARS_MAX)
  return start.isWellFormed() ? start : start.slice(0, -1)
}

function hex(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, PREVIEW_BYTES_MAX)
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
