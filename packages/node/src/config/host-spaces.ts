/**
 * Spaces that hosts serve alone, as a setting.
 * @module
 */
import { publicKeyOf } from '@turnpike/core/ucan/did-key'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { kindOfText, type Kind } from './kinds.ts'

/** A host that serves one space alone. */
export interface HostSpace {
  /** In lower case, with a port or for any. */
  readonly host: string
  readonly space: SpaceDid
}

/** One host of the setting `hostSpaces`. */
export const hostSpace: Kind<HostSpace> = kindOfText(
  'a host and a space, such as "photos.example=did:key:z6Mk…"',
  (text) => {
    const [, host, did] = /^([A-Za-z0-9.:_-]{1,255})=(did:key:z\S+)$/.exec(text) ?? []
    if (host === undefined || did === undefined || publicKeyOf(did) === undefined) return undefined
    return { host: host.toLowerCase(), space: did as SpaceDid }
  },
  ({ host, space }) => `${host}=${space}`,
)

/**
 * Spaces by their host, as the gateway takes them.
 *
 * @example
 * hostSpacesOf([{ host: 'photos.example', space: 'did:key:z6Mk…' }]).get('photos.example')
 */
export function hostSpacesOf(list: readonly HostSpace[]): ReadonlyMap<string, readonly SpaceDid[]> {
  const spaces = new Map<string, SpaceDid[]>()
  for (const { host, space } of list) spaces.set(host, [...(spaces.get(host) ?? []), space])
  return spaces
}
