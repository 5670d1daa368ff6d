/**
 * Names as the settings have them: records of the folder and of routers, DNSLinks, the map.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { ROUTER_TIMEOUT_MS } from '@turnpike/core/limits/names'
import {
  NameRefused,
  NamesFull,
  NameUnavailable,
  type NameRecords,
  type NameResolver,
  type PublishRecord,
} from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Settings } from '../config/settings.ts'
import { callOwner } from '../control/client.ts'
import { HttpTransport } from '../origins/transport.ts'
import { openDnsLinks } from './dns/open.ts'
import { withNameMap } from '@turnpike/gateway/names/name-map'
import { Records } from './records.ts'
import { Resolver } from '@turnpike/gateway/names/resolver'
import { HttpRouters } from './routers.ts'
import { CatalogNames } from './store.ts'

/** What names are opened with. */
export interface NamesOptions {
  readonly settings: Settings
  /** Any connection to the folder's catalog; it stays open. */
  readonly catalog: DatabaseSync
  readonly clock: Clock
}

/** Names that can be followed. */
export interface OpenNames {
  readonly resolver: NameResolver
  readonly records: NameRecords
  /** Ends look-ups that are under way, and all connections. */
  close(): void
}

/**
 * Opens names. Nothing is asked of anybody before the first look-up.
 *
 * @example
 * const names = openNames({ settings, catalog, clock: nodeClock })
 * const target = await names.resolver.resolve('docs.ipfs.tech', signal)
 */
export function openNames({ settings, catalog, clock }: NamesOptions): OpenNames {
  const { nameTtlMsMax: ttlMsMax, allowPrivateOrigins: allowPrivate } = settings
  const names = new CatalogNames(catalog, clock)
  const transport = new HttpTransport({
    // What the operator names may be anywhere, but by http: only where private addresses may be.
    trusts: (url) => url.protocol === 'https:',
    allowPrivate,
    timeouts: { connectMs: ROUTER_TIMEOUT_MS, firstByteMs: ROUTER_TIMEOUT_MS },
  })
  const urls = settings.ipnsRouters
  const routers = new HttpRouters({ urls, transport, clock, ttlMsMax })
  const dnsLinks = openDnsLinks({
    resolver: settings.dnsResolver,
    clock,
    ttlMsMax: settings.dnsTtlMsMax,
    allowPrivate,
  })
  const records = new Records({
    names,
    clock,
    ttlMsMax,
    ...(urls.length > 0 && { routers }),
    ...(settings.namePut && { publish: publishByOwner(settings.data) }),
  })
  const resolver = new Resolver({
    records,
    dnsLinks: withNameMap(settings.nameMap, dnsLinks),
    clock,
  })
  return {
    resolver,
    records,
    close() {
      routers.close()
      transport.close()
      dnsLinks.close()
    },
  }
}

/** Hands records to the folder's owner, which alone writes to its catalog. */
function publishByOwner(dataDir: string): PublishRecord {
  return async (name, record) => {
    const text = ipnsNameToString(name)
    const params = { name: text, record: Buffer.from(record).toString('base64') }
    const put = await callOwner(dataDir, 'namePut', params)
    if (put.error === undefined) return ok({})
    const { error } = put
    if (error.name === 'NameRefused') return fail(new NameRefused(error.message))
    if (error.name === 'NamesFull') return fail(new NamesFull(error.message))
    return fail(new NameUnavailable(text, 'the record could not be kept: try again later', error))
  }
}
