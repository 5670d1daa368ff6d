/**
 * Provisioning of an owned folder.
 * @module
 */
import { openEpochOf } from '../billing/dating.ts'
import { CatalogProvisioning } from '../catalog/provisioning.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'

/**
 * Customers, owners and plans of a folder that this process owns. No change counts in a month that
 * is closed, nor in an hour that was put down for Stripe.
 *
 * @example
 * openProvisioning(folder).customer('did:mailto:example.com:alice')
 */
export function openProvisioning({
  catalog,
  paths,
}: Pick<FolderOwner, 'catalog' | 'paths'>): CatalogProvisioning {
  const openEpoch = (): number => openEpochOf(paths)
  return new CatalogProvisioning(catalog, { hasher: nodeHasher, openEpoch })
}
