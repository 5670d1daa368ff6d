/**
 * Issues content claims in the forms that the field's clients read.
 * Source: Storacha, "content claims".
 * @module
 */
import { delegate, DID } from '@ucanto/core'
import type { Signer } from '@ucanto/interface'
import { linkToCid, type Link } from '@turnpike/core/link'
import type { ClaimKind, StoredClaim } from '@turnpike/core/ports/claims'
import type { SpaceDid } from '@turnpike/core/ports/content'

/** Where content lies, to be claimed. */
export interface LocationToClaim {
  /** Multihash of the content. */
  readonly content: Uint8Array
  readonly urls: readonly string[]
  readonly offset: number
  readonly length: number | undefined
  readonly space: SpaceDid | undefined
  /** Wall-clock ms, of which whole seconds count; undefined for never. */
  readonly expiresMs: number | undefined
  /** Makes the claim another one than an equal one. */
  readonly nonce: string
}

/**
 * Issues `assert/location`: `content` as `{ digest }`, `range`, `space` as DID bytes.
 *
 * @example
 * const where = { content, urls, offset: 0, length, space, expiresMs, nonce }
 * const claim = await issueLocationClaim(gateway, where)
 */
export function issueLocationClaim(
  signer: Signer,
  { content, urls, offset, length, space, expiresMs, nonce }: LocationToClaim,
): Promise<StoredClaim> {
  const nb = {
    content: { digest: content },
    location: [...urls],
    range: { offset, ...(length !== undefined && { length }) },
    ...(space !== undefined && { space: Uint8Array.from(DID.parse(space)) }),
  }
  return issue(signer, 'location', { nb, content, space, expiresMs, nonce })
}

/** An index of a DAG, to be claimed. */
export interface IndexToClaim {
  /** The DAG's root. */
  readonly content: Link
  /** CAR CID of the index. */
  readonly index: Link
  /** The space whose content that is: not part of the claim, but kept with it. */
  readonly space: SpaceDid
  /** Wall-clock ms, of which whole seconds count; undefined for never. */
  readonly expiresMs: number | undefined
  /** Makes the claim another one than that for another space. */
  readonly nonce: string
}

/**
 * Issues `assert/index`: both as links, which is all that the field's services read.
 *
 * @example
 * const claim = await issueIndexClaim(gateway, { content: root, index, space, expiresMs,
 *   nonce })
 */
export function issueIndexClaim(
  signer: Signer,
  { content, index, space, expiresMs, nonce }: IndexToClaim,
): Promise<StoredClaim> {
  const nb = { content: linkToCid(content), index: linkToCid(index) }
  return issue(signer, 'index', { nb, content: content.multihash, space, expiresMs, nonce })
}

interface ToIssue {
  readonly nb: object
  readonly content: Uint8Array
  readonly space: SpaceDid | undefined
  /** Wall-clock ms, of which whole seconds count; undefined for never. */
  readonly expiresMs: number | undefined
  readonly nonce: string
}

async function issue(
  signer: Signer,
  kind: ClaimKind,
  { nb, content, space, expiresMs, nonce }: ToIssue,
): Promise<StoredClaim> {
  const issuer = signer.did()
  const expiration = expiresMs === undefined ? Infinity : Math.floor(expiresMs / 1000)
  const claim = await delegate({
    issuer: signer,
    // A claim is addressed to nobody: who issues it vouches for it.
    audience: signer,
    capabilities: [{ can: `assert/${kind}`, with: issuer, nb }],
    expiration,
    nonce,
  })
  const archived = await claim.archive()
  if (archived.error) throw archived.error
  return {
    cid: claim.cid.bytes,
    kind,
    issuer,
    content,
    space,
    startsMs: undefined,
    expiresMs: expiresMs && expiration * 1000,
    believed: true,
    archive: archived.ok,
  }
}
