/**
 * The stages between a name and a read: which spaces hold the content, and which of them let this
 * gateway serve it.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { LOCATED_ROOTS_MAX, LOCATED_SPACES_MAX, LOCATED_TTL_MS } from '@turnpike/core/limits'
import type {
  Authorization,
  Authorizer,
  ContentIndex,
  SpaceDid,
  Unauthorized,
} from '@turnpike/core/ports/content'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
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

type Verdict = Result<readonly Authorization[], RequestError>
/** A space's own answer. */
type Said = Result<Authorization, Unauthorized>

/**
 * Finds who holds a root and who authorizes it. What is found for requests without a token is kept
 * for a quarter of a second twice over, so that a change of claims or delegations is in force
 * within one.
 */
export class Locator {
  readonly #deps: LocateDeps
  readonly #kept = new LRUCache<string, { readonly verdict: Verdict; readonly atMs: number }>({
    max: LOCATED_ROOTS_MAX,
  })
  /** What each space said of requests without a token: a thousand roots of one ask it once. */
  readonly #said = new LRUCache<SpaceDid, { readonly said: Said; readonly atMs: number }>({
    max: LOCATED_SPACES_MAX,
  })

  constructor(deps: LocateDeps) {
    this.#deps = deps
  }

  /**
   * Spaces whose authorization covers the request, in the order in which they pay. `only` is the
   * space that the host or the query names: that one or nobody.
   *
   * Absent and unauthorized content fail alike, so that a refusal reveals nothing.
   */
  authorize(
    multihash: Uint8Array,
    token: string | undefined,
    only: string | undefined,
  ): Awaitable<Verdict> {
    if (token !== undefined) return this.#judge(multihash, token, only)
    const key = `${only ?? ''} ${keyOf(multihash)}`
    const nowMs = this.#deps.clock.monotonicMs()
    const kept = this.#kept.get(key)
    if (kept !== undefined && nowMs - kept.atMs < LOCATED_TTL_MS) return kept.verdict
    return this.#judge(multihash, undefined, only).then((verdict) => {
      this.#kept.set(key, { verdict, atMs: nowMs })
      return verdict
    })
  }

  async #judge(
    multihash: Uint8Array,
    token: string | undefined,
    only: string | undefined,
  ): Promise<Verdict> {
    const granted: Authorization[] = []
    let refused = false
    for (const space of await this.#deps.index.spaces(multihash)) {
      if (only !== undefined && space !== only) continue
      const verdict = await this.#ask(space, token)
      if (verdict.ok) granted.push(verdict.ok)
      else refused = true
    }
    if (granted.length > 0) return ok(granted)
    const deny = refused ? DENY.authorization : DENY.none
    return fail(new RequestError('ContentNotFound', 'content not found', { deny }))
  }

  async #ask(space: SpaceDid, token: string | undefined): Promise<Said> {
    if (token !== undefined) return this.#deps.authorizer.authorize(space, token)
    const nowMs = this.#deps.clock.monotonicMs()
    const kept = this.#said.get(space)
    if (kept !== undefined && nowMs - kept.atMs < LOCATED_TTL_MS) return kept.said
    const said = await this.#deps.authorizer.authorize(space, undefined)
    this.#said.set(space, { said, atMs: nowMs })
    return said
  }
}
