/**
 * Provisioning of an owned folder.
 * @module
 */
import { accountingPaths } from '../accounting/open.ts'
import { openEpochOf } from '../billing/dating.ts'
import { readBilling } from '../billing/read.ts'
import { CatalogProvisioning } from '../catalog/provisioning.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { ClosedBooks } from '../statements/closed.ts'

/**
 * Customers, owners and plans of a folder that this process owns. No change counts in a month that
 * is closed, nor in an hour that was put down for Stripe. No customer gets a DID of the operator's:
 * one of the gateway, or of a host that was ever listed in `handFrom`.
 *
 * @example
 * openProvisioning(folder).customer('did:mailto:example.com:alice')
 */
export function openProvisioning({
  catalog,
  paths,
  gateway,
  previous,
}: Pick<FolderOwner, 'catalog' | 'paths' | 'gateway' | 'previous'>): CatalogProvisioning {
  const openEpoch = (): number => openEpochOf(paths)
  const { billing } = accountingPaths(paths.root)
  const isOperator = (did: string): boolean =>
    [gateway, ...previous].some((key) => key.did() === did) ||
    readBilling(billing, (database) => new ClosedBooks(database).isOperator(did)) === true
  return new CatalogProvisioning(catalog, { hasher: nodeHasher, openEpoch, isOperator })
}
