/**
 * The names that a deployment goes by.
 * @module
 */
import type { Settings } from '../config/settings.ts'

/**
 * Host names of a deployment, each with a port or for any: those in its settings, trustless or
 * not, and the one in its public URL. Names of subdomain gateways are not among them.
 *
 * @example
 * ownHosts({ hosts: ['a.example'], trustlessHosts: [], publicUrl: undefined }) // ['a.example']
 */
export function ownHosts({
  hosts,
  trustlessHosts,
  publicUrl,
}: Pick<Settings, 'hosts' | 'trustlessHosts' | 'publicUrl'>): readonly string[] {
  const ofUrl = publicUrl === undefined ? [] : [new URL(publicUrl).host]
  return [...hosts, ...trustlessHosts, ...ofUrl]
}
