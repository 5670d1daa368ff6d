/**
 * The stages between a name and a read: which spaces hold the content, and which of them let this
 * gateway serve it.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { LOCATED_ROOTS_MAX, LOCATED_SPACES_MAX, LOCATED_TTL_MS } from '@turnpike/core/limits'
import {
  type Authorization,
  type Authorizer,
  type ContentIndex,
  LocatorFault,
  type SpaceDid,
  type Unauthorized,
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
  /** Pays for what no space owns; it asks nobody's leave. */
  readonly provider: SpaceDid
}

/** A request as far as leave to read depends on it. */
export interface Asking {
  readonly token: string | undefined
  /** Spaces that the host and the query name: one that is all of them, or nobody. */
  readonly only: readonly string[]
  /** Whether nobody else may be asked where content lies. */
  readonly hereOnly: boolean
}

/** A space that there is not. */
const NOBODY: SpaceDid = 'did:key:nobody'

type Verdict = Result<readonly Authorization[], RequestError | LocatorFault>
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
   * Spaces whose authorization covers the request, in the order in which they pay.
   *
   * Absent and unauthorized content fail alike, so that a refusal reveals nothing: others are asked
   * about what is here and may not be read as about what is not here.
   */
  authorize(multihash: Uint8Array, asking: Asking): Awaitable<Verdict> {
    const { token, only, hereOnly } = asking
    if (token !== undefined || hereOnly) return this.#judge(multihash, asking)
    const key = `${only.join(' ')} ${keyOf(multihash)}`
    const nowMs = this.#deps.clock.monotonicMs()
    const kept = this.#kept.get(key)
    if (kept !== undefined && nowMs - kept.atMs < LOCATED_TTL_MS) return kept.verdict
    return this.#judge(multihash, asking).then((verdict) => {
      this.#kept.set(key, { verdict, atMs: nowMs })
      return verdict
    })
  }

  async #judge(multihash: Uint8Array, asking: Asking): Promise<Verdict> {
    const { index } = this.#deps
    const { here = index } = index
    const near = await this.#askAll(await here.spaces(multihash), asking)
    if (near.granted.length > 0) return ok(near.granted)
    let { refused } = near
    if (here !== index && !asking.hereOnly) {
      const spaces = await spacesBy(index, multihash)
      if (spaces.error) return spaces
      const far = await this.#askAll(spaces.ok, asking)
      if (far.granted.length > 0) return ok(far.granted)
      refused ||= far.refused
    }
    return fail(notFound(refused ? DENY.authorization : DENY.none))
  }

  async #askAll(
    spaces: readonly SpaceDid[],
    { token, only }: Asking,
  ): Promise<{ readonly granted: readonly Authorization[]; readonly refused: boolean }> {
    const granted: Authorization[] = []
    let refused = false
    const asked = spaces.filter((space) => only.every((named) => named === space))
    // Where nobody has it, nobody is asked, too: that must not be told by the time it takes.
    if (asked.length === 0) await this.#ask(NOBODY, token)
    for (const space of asked) {
      const verdict = await this.#ask(space, token)
      if (verdict.ok) granted.push(verdict.ok)
      else refused = true
    }
    return { granted, refused }
  }

  async #ask(space: SpaceDid, token: string | undefined): Promise<Said> {
    if (space === this.#deps.provider) return ok({ space, expiresMs: undefined, byToken: false })
    if (token !== undefined) return this.#deps.authorizer.authorize(space, token)
    const nowMs = this.#deps.clock.monotonicMs()
    const kept = this.#said.get(space)
    if (kept !== undefined && nowMs - kept.atMs < LOCATED_TTL_MS) return kept.said
    const said = await this.#deps.authorizer.authorize(space, undefined)
    this.#said.set(space, { said, atMs: nowMs })
    return said
  }
}

/** What absent and unauthorized content have in common; `deny` is for the log alone. */
export function notFound(deny: number): RequestError {
  return new RequestError('ContentNotFound', 'content not found', { deny })
}

async function spacesBy(
  index: ContentIndex,
  multihash: Uint8Array,
): Promise<Result<readonly SpaceDid[], LocatorFault>> {
  try {
    return ok(await index.spaces(multihash))
  } catch (error) {
    if (error instanceof LocatorFault) return fail(error)
    throw error
  }
}
