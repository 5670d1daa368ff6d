/**
 * Takes claims of others into an owned folder.
 * @module
 */
import type { AcceptDeps } from '@turnpike/core/claims/accept'
import type { ClaimTrust } from '@turnpike/core/claims/trust'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Awaitable } from '@turnpike/core/result'
import type { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { readLocated } from '../locators/read-located.ts'
import { ClaimedReader } from '../origins/claimed-reader.ts'
import { HttpTransport } from '../origins/transport.ts'
import type { RetrievalInvoker } from '../retrieve/invoker.ts'
import { nodeRandom } from '../runtime.ts'
import { CatalogClaimedIndexes } from './claimed-store.ts'
import { CatalogClaims } from './store.ts'

/** What taking claims in is opened with. */
export interface TakeOptions {
  /** Shows guarded nodes what lets us fetch indexes from them. */
  readonly invoker?: RetrievalInvoker | undefined
  readonly folder: Pick<FolderOwner, 'catalog'>
  readonly clock: Clock
  readonly checks: SignatureChecks
  readonly trust: ClaimTrust
  /** Whether this space may be served here. */
  serves(space: SpaceDid): Awaitable<boolean>
  /** Lets the addresses in claims be http and private: for tests and private networks. */
  readonly allowPrivate: boolean
}

/** What `acceptClaim` takes, but for the time that it has. */
export interface OpenTaking extends Omit<AcceptDeps, 'signal'> {
  /** Ends connections. */
  close(): void
}

/**
 * Opens what taking claims in needs. Addresses in claims are asked over connections of their own,
 * by the rules for addresses of others.
 *
 * @example
 * const taking = openTaking({ folder, clock, checks, trust, serves, allowPrivate: false })
 */
export function openTaking(options: TakeOptions): OpenTaking {
  const { folder, clock, checks, trust, serves, allowPrivate } = options
  const transport = new HttpTransport({ allowPrivate })
  const reader = new ClaimedReader(transport, options)
  return {
    hasher: nodeHasher,
    checks,
    nowMs: () => clock.nowMs(),
    trust,
    store: new CatalogClaims(folder.catalog, clock),
    indexes: new CatalogClaimedIndexes(folder.catalog, clock),
    serves,
    readBlob: (multihash, located, signal) =>
      readLocated({ transport, reader }, multihash, located, signal),
    reader,
    random: nodeRandom,
    close: () => transport.close(),
  }
}
