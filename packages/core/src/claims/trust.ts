/**
 * Whose word counts when a claim says whose content something is (design: "Whom to believe").
 * @module
 */
import type { SpaceDid } from '../ports/content.ts'

/** Issuers whose claims are believed about any space. */
export interface ClaimTrust {
  /** DIDs of this gateway: the one that it has, and those that it had. */
  readonly gateways: readonly string[]
  /** DIDs that the operator lists. */
  readonly issuers: readonly string[]
}

/**
 * The space that a claim puts its content in: what it says counts when that space itself issued
 * it, or this gateway, or an issuer that the operator lists. Undefined otherwise: then it is only a
 * hint where bytes may lie.
 *
 * @example
 * believedSpace({ issuer: 'did:key:z6MkSpace', space: 'did:key:z6MkSpace' }, trust)
 */
export function believedSpace(
  { issuer, space }: { readonly issuer: string; readonly space: SpaceDid | undefined },
  trust: ClaimTrust,
): SpaceDid | undefined {
  return space !== undefined && (issuer === space || isTrusted(issuer, trust)) ? space : undefined
}

/**
 * Whether a DID's claims are believed about any space.
 *
 * @example
 * isTrusted('did:web:up.example', { gateways: [], issuers: ['did:web:up.example'] }) // true
 */
export function isTrusted(issuer: string, { gateways, issuers }: ClaimTrust): boolean {
  return gateways.includes(issuer) || issuers.includes(issuer)
}
