/**
 * All conformance tables.
 * @module
 */
import { blockGroups } from './blocks.ts'
import { carGroups } from './car.ts'
import { dagGroups } from './dag.ts'
import { dnsLinkGroups } from './dnslink.ts'
import { fileGroups } from './files.ts'
import { folderGroups } from './folders.ts'
import type { ConformanceGroup } from './groups.ts'
import { ipnsGroups } from './ipns.ts'
import { proxyGroups } from './proxy.ts'
import { redirectsGroups, redirectsNameGroups } from './redirects-file.ts'
import { subdomainNameGroups } from './subdomain-names.ts'
import { subdomainGroups } from './subdomains.ts'
import { tarGroups } from './tar.ts'
import { trustlessRawGroups } from './trustless-raw.ts'

/** What an adapter has to answer right, over all of the suite's data. */
export const GROUPS: readonly ConformanceGroup[] = [
  ...trustlessRawGroups,
  ...blockGroups,
  ...carGroups,
  ...folderGroups,
  ...fileGroups,
  ...tarGroups,
  ...dagGroups,
  ...subdomainGroups,
  ...subdomainNameGroups,
  ...redirectsGroups,
  ...redirectsNameGroups,
  ...dnsLinkGroups,
  ...ipnsGroups,
  ...proxyGroups,
]
