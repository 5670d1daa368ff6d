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
export function ownHosts({
  hosts,
  trustlessHosts,
  hostSpaces,
  publicUrl,
  identity,
}: OwnNames): readonly string[] {
  const ofUrl = publicUrl === undefined ? [] : [new URL(publicUrl).host]
  const ofDid = didWebUrl(identity)?.host
  const ofSpaces = hostSpaces.map(({ host }) => host)
  const others = ofDid === undefined ? ofUrl : [...ofUrl, ofDid]
  return [...hosts, ...trustlessHosts, ...ofSpaces, ...others]
}
