/**
 * What a capability to serve allows: over which abilities, and to whom.
 * Source: Storacha, `space/content/serve/transport/http`.
 * @module
 */
import type { UcanCapability } from './archive.ts'

/** The ability that a gateway needs to serve a space's content over HTTP. */
export const SERVE_HTTP = 'space/content/serve/transport/http'

/**
 * To whom content is served: undefined for everybody, null for who shows no token, a text for who
 * shows that token.
 */
export type TokenCaveat = string | null | undefined

/** A caveat, in a wrapper: a plain `TokenCaveat` could not be told from "not allowed". */
export interface Allowed {
  readonly token: TokenCaveat
}

/** Everything on everything of the issuer's: the form in which accounts hand on all they have. */
const ALL_RESOURCES = 'ucan:*'

/**
 * What a capability allows of serving `space`; undefined for nothing. A caveat that is not known
 * here restricts in a way that is not known either, so it allows nothing.
 *
 * @example
 * allowedBy({ can: 'space/*', with: space }, space) // { token: undefined }
 */
export function allowedBy(
  { can, with: resource, nb }: UcanCapability,
  space: string,
): Allowed | undefined {
  if (!covers(can) || (resource !== space && resource !== ALL_RESOURCES)) return undefined
  if (nb === undefined) return { token: undefined }
  if (typeof nb !== 'object' || nb === null || Array.isArray(nb)) return undefined
  const { token, ...others } = nb as Readonly<Record<string, unknown>>
  if (Object.keys(others).length > 0) return undefined
  const isToken = token === undefined || token === null || typeof token === 'string'
  return isToken ? { token } : undefined
}

/** Whether an ability, which may end in a wildcard, has {@link SERVE_HTTP} in it. */
function covers(can: string): boolean {
  if (can === SERVE_HTTP || can === '*') return true
  return can.endsWith('/*') && SERVE_HTTP.startsWith(can.slice(0, -1))
}

/**
 * What is allowed when both have to allow it; undefined for nothing.
 *
 * @example
 * bothAllow({ token: undefined }, { token: 'abc' }) // { token: 'abc' }
 */
export function bothAllow(a: Allowed, b: Allowed): Allowed | undefined {
  if (a.token === undefined) return b
  if (b.token === undefined || a.token === b.token) return a
  return undefined
}
