/**
 * Whole small answers, kept by space, path and representation.
 * @module
 */
import type { Content } from './format/content.ts'
import { type ContentPath, siteNames } from './parse-request.ts'
import { linkToString } from '@turnpike/core/link'
import { LRUCache } from 'lru-cache'

/**
 * Keeps small content. It stands behind authorization: its key carries the space, and a request
 * with a token neither fills it nor is answered from it. It carries the generation of the denylist,
 * too: what was kept under another one is never found again.
 */
export class AnswerCache {
  readonly #kept: LRUCache<string, Content>

  constructor(bytesMax: number) {
    this.#kept = new LRUCache({
      maxSize: Math.max(1, bytesMax),
      sizeCalculation: (content) => (content.sizeBytes ?? 0) + 1024,
    })
  }

  keyOf(space: string, path: ContentPath, format: string | undefined, generation: number): string {
    return `${generation} ${space} ${format ?? ''} ${placeOf(path)}`
  }

  /** What is kept for a request that prefers a page, or does not. */
  get(key: string, html: boolean): Content | undefined {
    const kept = this.#kept.get(key)
    return kept?.forBrowsers === undefined || kept.forBrowsers === html ? kept : undefined
  }

  /** Pages for browsers alone are not kept: most content is the same for all, under one key. */
  set(key: string, content: Content): void {
    if (content.forBrowsers !== true) this.#kept.set(key, content)
  }
}

/** A URL's host decides the links of an answer, unless it is a path; a name may change its root. */
function placeOf(path: ContentPath): string {
  const { site, contentPath, query } = path
  const place = site.kind === 'path' ? '' : `${site.kind} ${site.scheme}://${site.authority}`
  return `${place}${rootOf(path)} ${contentPath}${query}`
}

/** What a name leads to now; a CID stands in the path. */
function rootOf(path: ContentPath): string {
  if (path.name === undefined) return ''
  return [linkToString(path.root), ...siteNames(path).map(encodeURIComponent)].join('/')
}
