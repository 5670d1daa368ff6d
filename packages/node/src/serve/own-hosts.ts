/**
 * The names that a deployment goes by.
 * @module
 */
import type { Settings } from '../config/settings.ts'
import { didWebUrl } from '../identity/did-web.ts'

/** Settings that name a deployment. */
export type OwnNames = Pick<
  Settings,
  'hosts' | 'trustlessHosts' | 'hostSpaces' | 'publicUrl' | 'identity'
>

/**
 * Host names of a deployment, each with a port or for any: those in its settings, trustless or
 * not, those that serve one space, the one in its public URL, and the one of its `did:web`. Names
 * of subdomain gateways are not among them, unless they serve one space.
 *
 * @example
 * ownHosts({ hosts: ['a.example'], trustlessHosts: [], hostSpaces: [], publicUrl: undefined,
 *   identity: 'key' }) // ['a.example']
 */
export function ownHosts(names: OwnNames): readonly string[] {
  const { hosts, trustlessHosts, hostSpaces } = names
  const ofSpaces = hostSpaces.map(({ host }) => host)
  return [...hosts, ...trustlessHosts, ...ofSpaces, ...identifyingHosts(names)]
}

/**
 * Those of them that programs talk to: all but names that only serve one space, which may have a
 * site of its own by DNSLink. On trustless names no page is served that an address could hide.
 *
 * @example
 * const spoken = frontDoorHosts(settings)
 */
export function frontDoorHosts(names: Omit<OwnNames, 'hostSpaces'>): readonly string[] {
  return [...declaredHosts(names), ...names.trustlessHosts]
}

/**
 * Those of them that are for more than content: names that only serve one space, which may have a
 * site of its own by DNSLink, and trustless names are not.
 *
 * @example
 * const own = declaredHosts(settings)
 */
export function declaredHosts(
  names: Pick<OwnNames, 'hosts' | 'publicUrl' | 'identity'>,
): readonly string[] {
  return [...names.hosts, ...identifyingHosts(names)]
}

function identifyingHosts({
  publicUrl,
  identity,
}: Pick<OwnNames, 'publicUrl' | 'identity'>): readonly string[] {
  const ofUrl = publicUrl === undefined ? [] : [new URL(publicUrl).host]
  const ofDid = didWebUrl(identity)?.host
  return ofDid === undefined ? ofUrl : [...ofUrl, ofDid]
}
