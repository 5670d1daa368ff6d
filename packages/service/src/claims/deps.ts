/**
 * What answering questions about claims takes.
 * @module
 */
import type { ClaimStore, IndexFinder } from '@turnpike/core/ports/claims'
import type { Authorizer } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'

/** Ports of both wire forms. */
export interface ClaimPagesDeps {
  readonly claims: ClaimStore
  readonly indexes: IndexFinder
  /** Says which spaces are served to whoever asks: claims about others are shown to nobody. */
  readonly authorizer: Authorizer
  readonly hasher: Hasher
}

/** Who asks. */
export interface ClaimsReader {
  /** Spaces that were named, if any were: claims about others are not wanted. */
  readonly spaces: readonly string[]
  /** The token that was sent: it counts for spaces that were named. */
  readonly token: string | undefined
}
