/**
 * Settings of witnesses; docs/operating/witnesses.md is about them.
 * @module
 */
import { WITNESSES_MAX } from '@turnpike/core/limits/receipts'
import { parseKey } from '@turnpike/core/note/key'
import { nodeHasher } from '../hasher.ts'
import { httpUrl, integer, kindOfText, listOf, type Kind } from './kinds.ts'
import type { Setting } from './settings.ts'

/** A witness as settings name it. */
export interface WitnessSetting {
  /** Its verifier key, `name+id+key`. */
  readonly vkey: string
  /** Its submission prefix: `add-checkpoint` is below it. */
  readonly url: string
}

/** Settings of the anchor `witness`. */
export interface WitnessSettings {
  readonly witnesses: readonly WitnessSetting[]
  readonly witnessQuorum: number | undefined
}

/** A key and where it is: `<key>=<url>`. */
const witnessAt: Kind<WitnessSetting> = kindOfText(
  'a key and an address, such as "witness.example/w1+773a6c12+BA…=https://witness.example"',
  (value) => {
    const [, vkey = '', address = ''] = /^(\S+?)=(https?:\/\/\S+)$/.exec(value) ?? []
    const url = httpUrl.fromText(address)
    const isWitness = parseKey(vkey, nodeHasher)?.kind === 'cosignature'
    return url === undefined || !isWitness ? undefined : { vkey, url }
  },
  ({ vkey, url }) => `${vkey}=${url}`,
)

/** Their part of the table of settings. */
export const WITNESSES: { readonly [K in keyof WitnessSettings]: Setting<WitnessSettings[K]> } = {
  witnesses: {
    kind: listOf(witnessAt, WITNESSES_MAX),
    default: [],
    doc:
      'Witnesses that cosign each hour of the log, for the anchor `witness`: their keys and ' +
      'addresses.',
  },
  witnessQuorum: {
    kind: integer(1, WITNESSES_MAX),
    default: undefined,
    doc:
      'How many of the `witnesses` have to cosign; more than half of them, and just so many ' +
      'when it is not set.',
  },
}
