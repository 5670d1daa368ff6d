/**
 * The names that a deployment goes by.
 * @module
 */
import type { Settings } from '../config/settings.ts'
import { didWebUrl } from '../identity/did-web.ts'

/**
 * Host names of a deployment, each with a port or for any: those in its settings, trustless or
 * not, the one in its public URL, and the one of its `did:web`. Names of subdomain gateways are
 * not among them.
 *
 * @example
 * ownHosts({ hosts: ['a.example'], trustlessHosts: [], publicUrl: undefined,
 *   identity: 'key' }) // ['a.example']
 */
export function ownHosts({
  hosts,
  trustlessHosts,
  publicUrl,
  identity,
}: Pick<Settings, 'hosts' | 'trustlessHosts' | 'publicUrl' | 'identity'>): readonly string[] {
  const ofUrl = publicUrl === undefined ? [] : [new URL(publicUrl).host]
  const ofDid = didWebUrl(identity)?.host
  return [...hosts, ...trustlessHosts, ...ofUrl, ...(ofDid === undefined ? [] : [ofDid])]
}
