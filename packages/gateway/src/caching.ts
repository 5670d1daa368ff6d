/**
 * How long others may keep an answer: browsers, and shared caches in front.
 * Sources: path gateway specification, Cache-Control; RFC 9111; RFC 9213, CDN-Cache-Control.
 * @module
 */
import type { ContentPath } from './parse-request.ts'
import type { HeaderLine } from './meter.ts'

/**
 * How long a representation of one root holds: for ever, until our pages look different, or as long
 * as nobody says.
 */
export type Lifetime = 'immutable' | 'generated' | 'unsaid'

/** What shared caches in front of the gateway may keep; a browser's share does not depend on it. */
export interface SharedCaching {
  /**
   * As long as a browser; nothing, so that every read comes through and is recorded; or so many
   * seconds, where a browser may keep it at all.
   */
  readonly cdnCache: 'as-browser' | 'no-store' | number
  /** Whether answers name the CIDs on their path, so that a cache can drop what is taken down. */
  readonly cacheTags: boolean
}

/** Shared caches keep what browsers keep. */
export const SHARED_AS_BROWSER: SharedCaching = { cdnCache: 'as-browser', cacheTags: false }

/** What an answer's caching depends on. */
export interface Cacheable {
  readonly lifetime: Lifetime
  /** CIDs on its path, in version 1, separated by commas; absent for what has none. */
  readonly tags?: string
}

const YEAR_SECONDS = 29_030_400
const GENERATED_SECONDS = 604_800
const STALE = 'stale-while-revalidate=2678400'
const BROWSER: Readonly<Record<Lifetime, readonly HeaderLine[]>> = {
  immutable: [['Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`]],
  generated: [['Cache-Control', `public, max-age=${GENERATED_SECONDS}, ${STALE}`]],
  unsaid: [],
}
const CDN = 'CDN-Cache-Control'
const CDN_NOT: readonly HeaderLine[] = [[CDN, 'no-store']]
/** For what a token opened: it is for who has the token, and for as long as that counts. */
const PRIVATE: readonly HeaderLine[] = [['Cache-Control', 'private, no-store'], ...CDN_NOT]

/** Makes the lines of answers that say how long they may be kept. */
export class CacheRules {
  readonly #shared: SharedCaching
  /** Lines of what no name led to, and that has no tags: most answers, made once. */
  readonly #fixed: Readonly<Record<Lifetime, readonly HeaderLine[]>>

  constructor(shared: SharedCaching = SHARED_AS_BROWSER) {
    this.#shared = shared
    this.#fixed = {
      immutable: [...BROWSER.immutable, ...cdnLines(shared, YEAR_SECONDS)],
      generated: [...BROWSER.generated, ...cdnLines(shared, GENERATED_SECONDS)],
      unsaid: cdnLines(shared, undefined),
    }
  }

  /**
   * Lines for an answer. Behind a name, it holds no longer than the name does; what a token opened
   * is kept by nobody.
   *
   * @example
   * new CacheRules().linesOf({ lifetime: 'immutable' }, path, false)
   * // [['Cache-Control', 'public, max-age=29030400, immutable']]
   */
  linesOf(
    { lifetime, tags }: Cacheable,
    { name }: Pick<ContentPath, 'name'>,
    byToken: boolean,
  ): readonly HeaderLine[] {
    if (byToken) return PRIVATE
    const lines =
      name === undefined ? this.#fixed[lifetime] : this.#behindName(lifetime, name.ttlMs)
    if (!this.#shared.cacheTags || tags === undefined) return lines
    return [...lines, ['Cache-Tag', tags]]
  }

  /** Lines for a redirect that a URL alone decides. */
  get ofRedirect(): readonly HeaderLine[] {
    return this.#fixed.unsaid
  }

  #behindName(lifetime: Lifetime, ttlMs: number | undefined): readonly HeaderLine[] {
    if (ttlMs === undefined || lifetime === 'unsaid') return this.#fixed.unsaid
    const seconds = Math.floor(Math.max(0, ttlMs) / 1000)
    const age = `public, max-age=${seconds}`
    const told = lifetime === 'generated' ? `${age}, ${STALE}` : age
    return [['Cache-Control', told], ...cdnLines(this.#shared, seconds)]
  }
}

/**
 * Lines for shared caches alone, of what a browser may keep for `seconds`; undefined is where
 * nobody says.
 *
 * @example
 * cdnLines({ cdnCache: 600, cacheTags: false }, 60) // [['CDN-Cache-Control', 'max-age=60']]
 */
export function cdnLines(
  { cdnCache }: SharedCaching,
  seconds: number | undefined,
): readonly HeaderLine[] {
  if (cdnCache === 'no-store') return CDN_NOT
  if (cdnCache === 'as-browser' || seconds === undefined) return []
  return [[CDN, `max-age=${Math.min(cdnCache, seconds)}`]]
}
