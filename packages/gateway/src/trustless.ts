/**
 * Hosts that answer only what a client can verify.
 * Source: trustless gateway specification.
 * @module
 */
import { canonicalKey } from './hosts/labels.ts'
import { matchHost } from './hosts/settings.ts'
import { RequestError } from './errors.ts'
import type { PathParts } from './parse-request.ts'
import type { Wanted } from './negotiate.ts'

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
  return { everywhere, hosts: new Set(hosts.map((host) => host.toLowerCase())) }
}

const EXPECTED =
  'this host answers only what can be verified: expected a block by its own CID ' +
  '(?format=raw), a CAR (?format=car) or the record of a key (?format=ipns-record)'

/**
 * Why a request is not one that such a host answers; undefined where it is, and on other hosts.
 *
 * @returns `NotAcceptable`
 * @example
 * refuseUnverifiable(path, wanted, { everywhere: true, hosts: new Set() })?.name
 */
export function refuseUnverifiable(
  path: PathParts,
  wanted: Wanted,
  { everywhere, hosts }: TrustlessSettings,
): RequestError | undefined {
  if (!everywhere && (hosts.size === 0 || !isOneOf(hosts, path))) return undefined
  return isVerifiable(path, wanted.format) ? undefined : new RequestError('NotAcceptable', EXPECTED)
}

function isOneOf(hosts: ReadonlySet<string>, { site }: PathParts): boolean {
  const authority = (site.gateway || site.authority).toLowerCase()
  return (
    matchHost(hosts, { host: authority, hostname: authority.replace(/:\d+$/, '') }) !== undefined
  )
}

/** A CAR carries the blocks of the path to what it is of; a block by a path proves no path. */
function isVerifiable(path: PathParts, format: string | undefined): boolean {
  const { namespace, askedSegments, rootText } = path
  if (namespace === 'ipns') return format === 'ipns-record' && canonicalKey(rootText) !== undefined
  return format === 'car' || (format === 'raw' && askedSegments.length === 0)
}
