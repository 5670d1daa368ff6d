/**
 * All conformance tables.
 * @module
 */
import { carGroups } from './car.ts'
import { folderGroups } from './folders.ts'
import type { ConformanceGroup } from './groups.ts'
import { proxyGroups } from './proxy.ts'
import { redirectsGroups } from './redirects-file.ts'
import { subdomainGroups } from './subdomains.ts'

/** What an adapter has to answer right, over all of the suite's data. */
export const GROUPS: readonly ConformanceGroup[] = [
  ...carGroups,
  ...folderGroups,
  ...subdomainGroups,
  ...redirectsGroups,
  ...proxyGroups,
]
