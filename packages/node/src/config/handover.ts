/**
 * Settings of what hosts hand on to one another.
 * @module
 */
import { BATCH_DID_CHARS_MAX, HANDING_HOSTS_MAX } from '@turnpike/core/limits/inbox'
import { anyDid } from './identity.ts'
import { httpUrl, kindOfText, listOf, type Kind } from './kinds.ts'
import type { Setting } from './settings.ts'

/** The gateway that counts what this one serves. */
export interface HandTo {
  readonly did: string
  /** Its address; the route is below it. */
  readonly url: string
}

/** Settings of both sides. */
export interface HandoverSettings {
  readonly handTo: HandTo | undefined
  readonly handFrom: readonly string[]
}

/** A gateway and where it is: `<did>=<url>`. */
export const gatewayAt: Kind<HandTo> = kindOfText(
  'a DID and an address, such as "did:web:main.example=https://main.example"',
  (value) => {
    const [, did, address] = /^(did:[a-z]+:[^=\s]+)=(\S+)$/.exec(value) ?? []
    const url = address === undefined ? undefined : httpUrl.fromText(address)
    if (did === undefined || did.length > BATCH_DID_CHARS_MAX) return undefined
    return url === undefined ? undefined : { did, url }
  },
  ({ did, url }) => `${did}=${url}`,
)

/** Their part of the table of settings. */
export const HANDOVER: {
  readonly [K in keyof HandoverSettings]: Setting<HandoverSettings[K]>
} = {
  handTo: {
    kind: gatewayAt,
    default: undefined,
    doc:
      'The gateway that counts what this one serves, by its DID and address: journals are ' +
      'handed on to it, signed, and kept here until it has them. Usage and statements are ' +
      'asked for there.',
  },
  handFrom: {
    kind: listOf(anyDid, HANDING_HOSTS_MAX),
    default: [],
    doc:
      'DIDs of the gateways whose journals are counted here: those that hand them on to this ' +
      'one.',
  },
}
