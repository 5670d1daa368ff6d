/**
 * Takes in claims that others publish: verified, bounded, believed no further than their issuer.
 * @module
 */
import { decodeDagIndex, type DagIndex, type DagIndexMalformed } from '../blob-index.ts'
import { CLAIMED_SLICES_PER_INDEX_MAX, LOCATED_CLAIMS_MAX } from '../limits/claims.ts'
import type { Link } from '../link.ts'
import { saidBy, sitesOf, type LocatedBlob } from '../locate/sites.ts'
import type { ClaimsFull, ClaimStore, ClaimWriter } from '../ports/claims.ts'
import type { SpaceDid } from '../ports/content.ts'
import { fail, type Awaitable, type Result } from '../result.ts'
import { checkIndex, IndexLied, IndexUnavailable, type CheckIndexDeps } from './check-index.ts'
import {
  readClaim,
  readKnownClaim,
  toStored,
  type Claim,
  type ClaimInvalid,
  type ReadClaimDeps,
} from './read.ts'
import { isTrusted, type ClaimTrust } from './trust.ts'

/** An index is larger than what is taken in. */
export class IndexTooLarge extends Error {
  override readonly name = 'IndexTooLarge'
}

/** An index of others, as it was read. */
export interface ReadIndex {
  /** That of the archive. */
  readonly multihash: Uint8Array
  readonly archive: Uint8Array
  readonly index: DagIndex
}

/** Where slices of indexes are kept. */
export interface ClaimedIndexes {
  /** Keeps what an index says, by the claim that named it. Both go together. */
  put(claim: Uint8Array, read: ReadIndex): Awaitable<Result<object, ClaimsFull>>
  /** Whether an index with this multihash lied before. */
  distrusts(archive: Uint8Array): Awaitable<boolean>
  /** Never takes this index in again, and forgets what it said. */
  distrust(archive: Uint8Array): Awaitable<void>
}

/** What taking claims in takes. */
export interface AcceptDeps extends Omit<ReadClaimDeps, 'nowMs'> {
  readonly nowMs: () => number
  readonly trust: ClaimTrust
  readonly store: ClaimStore & ClaimWriter
  readonly indexes: ClaimedIndexes
  /** Whether this space may be served here: then its claims count, and its indexes are read. */
  serves(space: SpaceDid): Awaitable<boolean>
  /** Reads a blob whole from where claims say that it lies; undefined when it can't be had. */
  readBlob(
    multihash: Uint8Array,
    located: readonly LocatedBlob[],
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>
  readonly reader: CheckIndexDeps['reader']
  readonly random: CheckIndexDeps['random']
}

/** Why a claim was not taken in. */
export type ClaimRefused =
  | ClaimInvalid
  | ClaimsFull
  | DagIndexMalformed
  | IndexLied
  | IndexTooLarge
  | IndexUnavailable

/**
 * Takes a claim in. Anybody's is kept, as a hint within narrow bounds, unless its issuer is one to
 * believe, or invoked it with the leave of one: this gateway, one that the operator lists, or a
 * space that is served here. An index that
 * one of those names is read from where claims say that it lies, and checked (`checkIndex`), and
 * what it says is kept with the claim. If that fails, the claim is not kept either.
 *
 * What an index says is never of a space by itself: a block is where a shard is, and whose a shard
 * is, is said by its own location claims. So nobody can put another's block into their space, or
 * another's space.
 *
 * @param authority the DID by whose leave it was invoked, if that was checked
 * @example
 * const taken = await acceptClaim(archive, undefined, deps)
 */
export async function acceptClaim(
  archive: Uint8Array,
  authority: string | undefined,
  deps: AcceptDeps,
): Promise<Result<Claim, ClaimRefused>> {
  const read = await readClaim(archive, { ...deps, nowMs: deps.nowMs() })
  if (read.error) return read
  const claim = read.ok
  const believed = await isBelieved(
    [claim.issuer, ...(authority === undefined ? [] : [authority])],
    deps,
  )
  const put = await deps.store.put(toStored(claim, believed))
  if (put.error) return put
  if (claim.says.kind !== 'index' || !believed || !put.ok.stored) return read
  const taken = await takeIndex(claim, claim.says.index, deps)
  if (taken.error === undefined) return read
  await deps.store.withdraw(claim.cid)
  return taken
}

async function isBelieved(
  dids: readonly string[],
  { trust, serves }: AcceptDeps,
): Promise<boolean> {
  for (const did of dids) if (isTrusted(did, trust) || (await serves(did as SpaceDid))) return true
  return false
}

async function takeIndex(
  { cid }: Claim,
  { multihash }: Link,
  deps: AcceptDeps,
): Promise<Result<object, ClaimRefused>> {
  const lied = new IndexLied('index expected to be one that has not lied before')
  if (await deps.indexes.distrusts(multihash)) return fail(lied)
  const archive = await deps.readBlob(multihash, await locate(multihash, deps), deps.signal)
  if (archive === undefined)
    return fail(new IndexUnavailable('index expected to be where a location claim says, is not'))
  const decoded = decodeDagIndex(archive, deps.hasher)
  if (decoded.error) return decoded
  const slices = decoded.ok.shards.reduce((sum, shard) => sum + shard.slices.length, 0)
  if (slices > CLAIMED_SLICES_PER_INDEX_MAX)
    return fail(
      new IndexTooLarge(`<= ${CLAIMED_SLICES_PER_INDEX_MAX} slices expected, got ${slices}`),
    )
  const checked = await checkIndex(decoded.ok, {
    ...deps,
    locate: (shard) => locate(shard, deps),
  })
  if (checked.error) {
    if (checked.error instanceof IndexLied) await deps.indexes.distrust(multihash)
    return checked
  }
  return deps.indexes.put(cid, { multihash, archive, index: decoded.ok })
}

/** Where a blob lies, by all claims about it, those that are believed first. */
async function locate(
  multihash: Uint8Array,
  { store, hasher }: Pick<AcceptDeps, 'store' | 'hasher'>,
): Promise<readonly LocatedBlob[]> {
  const said = []
  for await (const { archive, issuer, believed } of store.byContent(multihash, ['location'])) {
    const says = readKnownClaim(archive, hasher).ok?.says
    if (says?.kind === 'location')
      said.push(saidBy(says, issuer, believed ? says.space : undefined))
    if (said.length >= LOCATED_CLAIMS_MAX) break
  }
  return sitesOf(multihash, said)
}
