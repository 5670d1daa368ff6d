/**
 * Which claims are shown to whom. A claim about a space tells that the space holds something, which
 * is nobody's affair but of those that the space is served to: absent and refused look alike.
 * @module
 */
import type { StoredClaim } from '@turnpike/core/ports/claims'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { ClaimPagesDeps, ClaimsReader } from './deps.ts'

/** Decides for one answer; each space is asked once. */
export class Shown {
  readonly #deps: Pick<ClaimPagesDeps, 'authorizer'>
  readonly #reader: ClaimsReader
  readonly #verdicts = new Map<SpaceDid, boolean>()

  constructor(deps: Pick<ClaimPagesDeps, 'authorizer'>, reader: ClaimsReader) {
    this.#deps = deps
    this.#reader = reader
  }

  /** Whether a claim may be shown, and is wanted. One that names no space is shown to all. */
  async has({ space }: Pick<StoredClaim, 'space'>): Promise<boolean> {
    if (space === undefined) return true
    const { spaces, token } = this.#reader
    if (spaces.length > 0 && !spaces.includes(space)) return false
    const known = this.#verdicts.get(space)
    if (known !== undefined) return known
    const shownToken = spaces.includes(space) ? token : undefined
    const verdict = await this.#deps.authorizer.authorize(space, shownToken)
    this.#verdicts.set(space, verdict.ok !== undefined)
    return verdict.ok !== undefined
  }
}
