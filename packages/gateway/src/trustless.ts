/**
 * Hosts that answer only what a client can verify.
 * Source: trustless gateway specification.
 * @module
 */
import { hostNames, matchHost } from './hosts/settings.ts'
import { RequestError } from './errors.ts'
import type { PathParts } from './parse-request.ts'
import type { Format } from './negotiate.ts'

/** Which hosts are such. */
export interface TrustlessSettings {
  /** All of them. */
  readonly everywhere: boolean
  /** These, in lower case, each with or without a port, and what lies below them. */
  readonly hosts: ReadonlySet<string>
}

/** Every host answers everything. */
export const NOT_TRUSTLESS: TrustlessSettings = { everywhere: false, hosts: new Set() }

/** Settings from names in any case. */
export function trustlessSettings(
  hosts: readonly string[],
  everywhere: boolean,
): TrustlessSettings {
  return { everywhere, hosts: hostNames(hosts) }
}

const EXPECTED =
  'this host answers only what can be verified: expected a block by its own CID ' +
  '(?format=raw), a CAR (?format=car) or the record of a key (?format=ipns-record)'

/**
 * Why a request for content is not one that such a host answers; undefined where it is, and on
 * other hosts. Records of keys, which prove themselves, are no content: they are not asked about
 * here.
 *
 * @returns `NotAcceptable`
 * @example
 * refuseUnverifiable(path, 'tar', trustlessSettings([], true))?.name // 'NotAcceptable'
 */
export function refuseUnverifiable(
  path: PathParts,
  format: Format | undefined,
  { everywhere, hosts }: TrustlessSettings,
): RequestError | undefined {
  if (!everywhere && (hosts.size === 0 || !isOneOf(hosts, path))) return undefined
  return isVerifiable(path, format) ? undefined : new RequestError('NotAcceptable', EXPECTED)
}

function isOneOf(hosts: ReadonlySet<string>, { site }: PathParts): boolean {
  const host = (site.gateway || site.authority).toLowerCase()
  return matchHost(hosts, { host, hostname: host.replace(/:\d+$/, '') }) !== undefined
}

/**
 * A CAR carries the blocks of the path to what it is of. A block at the end of a path proves no
 * path, and nothing proves where a name leads but its record.
 */
function isVerifiable({ namespace, askedSegments }: PathParts, format?: Format): boolean {
  if (namespace === 'ipns') return false
  return format === 'car' || format === 'blob' || (format === 'raw' && askedSegments.length === 0)
}
