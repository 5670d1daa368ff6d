/**
 * Provisioning of an owned folder.
 * @module
 */
import { CatalogProvisioning } from '../catalog/provisioning.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'

/**
 * Customers, owners and plans of a folder that this process owns.
 *
 * @example
 * openProvisioning(folder).customer('did:mailto:example.com:alice')
 */
export function openProvisioning({ catalog }: Pick<FolderOwner, 'catalog'>): CatalogProvisioning {
  return new CatalogProvisioning(catalog, { hasher: nodeHasher })
}
