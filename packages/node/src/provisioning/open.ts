/**
 * Provisioning of an owned folder.
 * @module
 */
import { accountingPaths } from '../accounting/open.ts'
import { readBilling } from '../billing/read.ts'
import { CatalogProvisioning } from '../catalog/provisioning.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { ClosedBooks } from '../statements/closed.ts'

/**
 * Customers, owners and plans of a folder that this process owns. No change counts in a month that
 * is closed.
 *
 * @example
 * openProvisioning(folder).customer('did:mailto:example.com:alice')
 */
export function openProvisioning({
  catalog,
  paths,
}: Pick<FolderOwner, 'catalog' | 'paths'>): CatalogProvisioning {
  const { billing } = accountingPaths(paths.root)
  const openEpoch = (): number =>
    readBilling(billing, (database) => new ClosedBooks(database).openEpoch()) ?? 0
  return new CatalogProvisioning(catalog, { hasher: nodeHasher, openEpoch })
}
