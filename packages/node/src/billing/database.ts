/**
 * The database of what is billed and can't be derived from the log.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Result } from '@turnpike/core/result'
import { openCatalogWriter, type CatalogRefused } from '../catalog/database.ts'
import { BILLING_MIGRATIONS } from './schema.ts'

/**
 * Opens `billing.sqlite` for its one writer, accounting, and brings its schema up to date.
 * Committed transactions survive a power cut.
 *
 * @example
 * const opened = openBilling('/data/billing.sqlite')
 */
export function openBilling(path: string): Result<DatabaseSync, CatalogRefused> {
  return openCatalogWriter(path, BILLING_MIGRATIONS)
}
