/**
 * The stages between a name and a read: which spaces hold the content, and which of them let this
 * gateway serve it.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { LOCATED_ROOTS_MAX, LOCATED_TTL_MS } from '@turnpike/core/limits'
import type {
  Authorization,
  Authorizer,
  ContentIndex,
  SpaceDid,
} from '@turnpike/core/ports/content'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { Clock } from '@turnpike/core/ports/runtime'
import { DENY } from '@turnpike/core/log/entry'
import { RequestError } from './errors.ts'
import { keyOf } from '@turnpike/core/bytes'

/** What the two stages need. */
export interface LocateDeps {
  readonly index: ContentIndex
  readonly authorizer: Authorizer
  readonly clock: Clock
}

/**
 * Finds who holds a root and who authorizes it. Look-ups are kept for half a second, so that a
 * change of claims or delegations is in force within one.
 */
export class Locator {
  readonly #deps: LocateDeps
  readonly #spaces: LRUCache<
    string,
    { readonly spaces: readonly SpaceDid[]; readonly atMs: number }
  >

  constructor(deps: LocateDeps) {
    this.#deps = deps
    this.#spaces = new LRUCache({ max: LOCATED_ROOTS_MAX })
  }

  /** Spaces that hold the block, first accepted first. */
  async spaces(multihash: Uint8Array): Promise<readonly SpaceDid[]> {
    const key = keyOf(multihash)
    const nowMs = this.#deps.clock.monotonicMs()
    const kept = this.#spaces.get(key)
    if (kept !== undefined && nowMs - kept.atMs < LOCATED_TTL_MS) return kept.spaces
    const spaces = await this.#deps.index.spaces(multihash)
    this.#spaces.set(key, { spaces, atMs: nowMs })
    return spaces
  }

  /**
   * Spaces whose authorization covers the request, in the order in which they pay. `only` is the
   * space that the host or the query names: that one or nobody.
   *
   * Absent and unauthorized content fail alike, so that a refusal reveals nothing.
   */
  async authorize(
    multihash: Uint8Array,
    token: string | undefined,
    only: string | undefined,
  ): Promise<Result<readonly Authorization[], RequestError>> {
    const granted: Authorization[] = []
    let refused = false
    for (const space of await this.spaces(multihash)) {
      if (only !== undefined && space !== only) continue
      const verdict = await this.#deps.authorizer.authorize(space, token)
      if (verdict.ok) granted.push(verdict.ok)
      else refused = true
    }
    if (granted.length > 0) return ok(granted)
    const deny = refused ? DENY.authorization : DENY.none
    return fail(new RequestError('ContentNotFound', 'content not found', { deny }))
  }
}
