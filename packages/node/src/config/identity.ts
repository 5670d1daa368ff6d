/**
 * Settings of the gateway's identity: its DID, whose keys are known, who is believed.
 * @module
 */
import { publicKeyOf } from '@turnpike/core/ucan/did-key'
import type { KeyDid } from '@turnpike/core/ports/principals'
import type { ProviderAddSetting } from '@turnpike/service/provisioning/deps'
import { didWebUrl } from '../identity/did-web.ts'
import type { IdentitySetting, MappedDid } from '../identity/identity.ts'
import * as ucanLimits from '@turnpike/core/limits/ucan'
import { flag, kindOfText, listOf, oneOf, textThat, type Kind } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Spaces whose delegations are taken at the front door. */
export type DelegationsFrom = 'known' | 'any'

/** Settings of the gateway's identity and its front door. */
export interface IdentitySettings {
  readonly identity: IdentitySetting
  readonly didMap: readonly MappedDid[]
  readonly attestAuthorities: readonly string[]
  readonly frontDoor: boolean
  readonly delegationsFrom: DelegationsFrom
  readonly providerAdd: ProviderAddSetting
}

/** `key`, or a `did:web` of a host. */
const identityKind: Kind<IdentitySetting> = kindOfText(
  '"key", or the did:web of a host, such as "did:web:gateway.example"',
  (text) => {
    const isHost = didWebUrl(text)?.pathname === '/.well-known/did.json'
    return text === 'key' || isHost ? (text as IdentitySetting) : undefined
  },
)

/** A DID and one of its keys. */
const mappedDid: Kind<MappedDid> = kindOfText(
  'a DID and its key, such as "did:web:up.storacha.network=did:key:z6Mk…"',
  (text) => {
    const [, did, key] = /^(did:[a-z]+:[^=\s]{1,500})=(did:key:z\S+)$/.exec(text) ?? []
    if (did === undefined || key === undefined || publicKeyOf(key) === undefined) return undefined
    return { did, key: key as KeyDid }
  },
  ({ did, key }) => `${did}=${key}`,
)

/** Any DID. */
export const anyDid: Kind<string> = textThat('a DID, such as "did:web:a.example"', (text) =>
  /^did:[a-z]+:[^,\s]{1,500}$/.test(text),
)

/** Their part of the table of settings. */
export const IDENTITY: {
  readonly [K in keyof IdentitySettings]: Setting<IdentitySettings[K]>
} = {
  identity: {
    kind: identityKind,
    default: 'key',
    doc:
      'Who this gateway is: its key, or `did:web:<host>`, whose document it then serves on that ' +
      'host (`/.well-known/did.json`).',
  },
  didMap: {
    kind: listOf(mappedDid, ucanLimits.DIDS_MAPPED_MAX),
    default: [],
    doc:
      'DIDs and their keys, which are then not asked for: ' +
      '`did:web:up.storacha.network=did:key:z6Mk…`. A DID with several keys has several entries.',
  },
  attestAuthorities: {
    kind: listOf(anyDid, ucanLimits.ATTESTERS_MAX),
    default: [],
    doc:
      'Who is believed, beside this gateway itself, that an account (`did:mailto:…`) issued a ' +
      'delegation: DIDs of login services.',
  },
  frontDoor: {
    kind: flag,
    default: true,
    doc:
      'Take UCAN invocations at `POST /`: delegations, revocations, claims. Without it they ' +
      'come by commands alone.',
  },
  delegationsFrom: {
    kind: oneOf('known', 'any'),
    default: 'known',
    doc:
      'Whose delegations are taken at the front door: those of spaces that this data folder ' +
      'knows, or of any space, as on a gateway that is open to all.',
  },
  providerAdd: {
    kind: oneOf('any', 'operator'),
    default: 'any',
    doc:
      'Who gives spaces to customers: they themselves, by `provider/add`, any space that nobody ' +
      'has; or the operator alone, by `turnpike customer assign`.',
  },
}
