/**
 * Issues claims by which others find what this deployment holds: where each shard and its index
 * lie under our public address, and that the index is there.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { base58btc } from 'multiformats/bases/base58'
import { decodeDagIndex } from '@turnpike/core/blob-index'
import { CLAIM_LIFETIME_MS, CLAIMS_ISSUED_AT_ONCE } from '@turnpike/core/limits/claims'
import { CAR } from '@turnpike/core/link'
import type { ClaimsFull, StoredClaim } from '@turnpike/core/ports/claims'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { ok, type Result } from '@turnpike/core/result'
import { issueIndexClaim, issueLocationClaim } from '@turnpike/service/claims/issue'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { readOwnIndex } from './finder.ts'
import { CatalogClaims } from './store.ts'

/** What issuing takes. */
export interface IssueContext {
  readonly folder: Pick<FolderOwner, 'catalog' | 'blobs' | 'gateway'>
  readonly clock: Clock
}

/** What was done. Serializable. */
export interface ClaimsIssued {
  /** Blobs of spaces about which claims were issued now. */
  readonly holdings: number
}

/** Address of a blob of ours: `<public address>/blob/<multihash in base58btc>`. */
export function blobUrl(base: string, multihash: Uint8Array): string {
  return `${base.replace(/\/+$/, '')}/blob/${base58btc.encode(multihash)}`
}

/**
 * Issues what is missing, old, or has another address: one claim where a shard lies, one where its
 * index does, one that names the index, for each space that holds the shard. Shards that lie
 * elsewhere have none: their addresses are the operator's affair. Without a public address what was
 * issued is taken back.
 *
 * @param base the public address, if there is one
 * @example
 * await issueOwnClaims({ folder, clock }, 'https://gateway.example')
 */
export async function issueOwnClaims(
  context: IssueContext,
  base: string | undefined,
): Promise<Result<ClaimsIssued, ClaimsFull>> {
  const { catalog } = context.folder
  if (base === undefined) {
    catalog.exec('DELETE FROM claims WHERE held IS NOT NULL')
    return ok({ holdings: 0 })
  }
  const claims = new CatalogClaims(catalog, context.clock)
  let holdings = 0
  for (;;) {
    const rows = unclaimed(context, base)
    for (const row of rows) {
      const put = claims.putHeld({ held: row.held, base }, await claimsOf(context, base, row))
      if (put.error) return put
    }
    holdings += rows.length
    if (rows.length < CLAIMS_ISSUED_AT_ONCE) return ok({ holdings })
  }
}

interface Unclaimed {
  readonly held: number
  readonly space: SpaceDid
  readonly shard: Uint8Array
  readonly size: number
  readonly indexHash: Uint8Array | null
  readonly indexSize: number | null
}

/** Holdings without claims that are good for half a lifetime yet. */
const UNCLAIMED = `
  SELECT h.accepted AS held, p.did AS space, b.multihash AS shard, b.size,
    i.multihash AS indexHash, i.size AS indexSize
  FROM space_blobs h JOIN blobs b ON b.id = h.blob JOIN spaces p ON p.id = h.space
  LEFT JOIN indexes n ON n.blob = b.id LEFT JOIN blobs i ON i.id = n.index_blob
  WHERE b.local AND NOT EXISTS (SELECT 1 FROM claims c
    WHERE c.held = h.accepted AND c.base = ? AND c.expires_ms > ?)
  ORDER BY h.accepted LIMIT ${CLAIMS_ISSUED_AT_ONCE}`

function unclaimed({ folder, clock }: IssueContext, base: string): Unclaimed[] {
  const freshMs = clock.nowMs() + CLAIM_LIFETIME_MS / 2
  return folder.catalog.prepare(UNCLAIMED).all(base, freshMs) as unknown as Unclaimed[]
}

async function claimsOf(
  { folder, clock }: IssueContext,
  base: string,
  { space, shard, size, indexHash, indexSize }: Unclaimed,
): Promise<StoredClaim[]> {
  const { gateway, catalog, blobs } = folder
  const expiresMs = clock.nowMs() + CLAIM_LIFETIME_MS
  const located = (content: Uint8Array, length: number): Promise<StoredClaim> => {
    const urls = [blobUrl(base, content)]
    const nonce = randomUUID()
    return issueLocationClaim(gateway, {
      content,
      urls,
      offset: 0,
      length,
      space,
      expiresMs,
      nonce,
    })
  }
  const claims = [await located(shard, size)]
  const archive = indexHash && (await readOwnIndex({ catalog, blobs }, indexHash))
  const decoded = archive && decodeDagIndex(archive, nodeHasher).ok
  if (decoded && indexHash && indexSize !== null) {
    const index = { version: 1, codec: CAR, multihash: indexHash } as const
    const { content } = decoded
    claims.push(
      await located(indexHash, indexSize),
      await issueIndexClaim(gateway, { content, index, space, expiresMs, nonce: randomUUID() }),
    )
  }
  return claims
}
