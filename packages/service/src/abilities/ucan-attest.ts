/**
 * `ucan/attest`: an authority says that somebody without a key of their own issued a UCAN.
 * Source: Storacha, "w3-session".
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import { fail, ok } from '@turnpike/core/result'
import type { Ability } from '../ability.ts'
import { derivesBy, sameText } from '../derives.ts'
import type { FrontDoorDeps } from '../deps.ts'

const ATTEST = capability({
  can: 'ucan/attest',
  with: Schema.did(),
  nb: Schema.struct({ proof: Schema.link() }),
  derives: derivesBy(sameText),
})

/** Whoever attests is not believed here. */
export class AttesterUnknown extends Error {
  override readonly name = 'AttesterUnknown'
}

/**
 * Takes note of an attestation: the invocation is kept with its receipt. It counts in a chain that
 * carries it among its proofs, and there alone, as everywhere in the field.
 */
export function ucanAttest({
  identity,
  attesters,
}: Pick<FrontDoorDeps, 'identity' | 'attesters'>): Ability {
  const believed = new Set([...identity.dids, ...attesters])
  return {
    can: 'ucan/attest',
    capability: ATTEST,
    run({ capability: { with: authority } }) {
      if (believed.has(authority)) return Promise.resolve(ok({}))
      const message = `${authority} expected to be an authority that this gateway believes`
      return Promise.resolve(fail(new AttesterUnknown(message)))
    },
  }
}
