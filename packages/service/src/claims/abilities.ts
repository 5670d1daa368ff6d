/**
 * `assert/*` and `claim/cache`: others publish claims here.
 * Source: Storacha, "content claims"; indexing service, `claim/cache`.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { capability, Schema } from '@ucanto/validator'
import type { CID } from 'multiformats/cid'
import { bytesEqual } from '@turnpike/core/bytes'
import { acceptClaim, type AcceptDeps } from '@turnpike/core/claims/accept'
import { CLAIM_TAKEN_TIMEOUT_MS } from '@turnpike/core/limits/claims'
import type { ClaimKind } from '@turnpike/core/ports/claims'
import type { Timer } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import { derivesBy } from '../derives.ts'
import { archiveOf, keyOfCid, type Asked } from '../message.ts'

/** What taking claims at the front door takes. */
export interface ClaimAbilitiesDeps extends Omit<AcceptDeps, 'signal'> {
  readonly timer: Timer
}

const KINDS: readonly ClaimKind[] = [
  'location',
  'index',
  'equals',
  'inclusion',
  'partition',
  'relation',
]

/** Whatever any claim says; it is read, to the letter, by whoever takes it in. */
const SAYS = {
  content: Schema.unknown(),
  location: Schema.unknown().optional(),
  range: Schema.unknown().optional(),
  space: Schema.unknown().optional(),
  index: Schema.unknown().optional(),
  equals: Schema.unknown().optional(),
  includes: Schema.unknown().optional(),
  proof: Schema.unknown().optional(),
  blocks: Schema.unknown().optional(),
  parts: Schema.unknown().optional(),
  children: Schema.unknown().optional(),
}

const assertion = <Can extends `assert/${ClaimKind}`>(can: Can) =>
  capability({ can, with: Schema.did(), nb: Schema.struct(SAYS), derives: derivesBy(sameValue) })

function sameValue(claimed: unknown, wider: unknown): boolean {
  return claimed !== undefined && bytesEqual(encode(claimed), encode(wider))
}

const CACHE = capability({
  can: 'claim/cache',
  with: Schema.did(),
  nb: Schema.struct({ claim: Schema.link(), provider: Schema.unknown().optional() }),
  derives: derivesBy(sameValue),
})

/** The claim that is to be kept is not in the message. */
export class ClaimNotFound extends Error {
  override readonly name = 'ClaimNotFound'
}

/**
 * The abilities. An invocation of `assert/*` is the claim itself; `claim/cache` names one that came
 * with the message, and counts for no more than that one's own issuer.
 *
 * @example
 * const door = await openFrontDoor({ ...deps, abilities: claimAbilities(claimDeps) })
 */
export function claimAbilities(deps: ClaimAbilitiesDeps): readonly Ability[] {
  const assertions = KINDS.map((kind): Ability => {
    const can = `assert/${kind}` as const
    const run = ({ asked, capability: { with: authority }, signal }: Task): Promise<Outcome> =>
      take(asked, authority, { ...deps, signal })
    return { can, capability: assertion(can) as unknown as Ability['capability'], run }
  })
  const cache: Ability = {
    can: 'claim/cache',
    capability: CACHE as unknown as Ability['capability'],
    async run({ asked: { blocks }, capability: { nb }, signal }) {
      const { claim } = nb as { readonly claim: CID }
      const key = keyOfCid(claim)
      const ucan = key && blocks.find(key)
      if (ucan === undefined)
        return fail(new ClaimNotFound(`claim ${String(claim)} expected in the message, is not`))
      return take({ ucan, blocks }, undefined, { ...deps, signal })
    },
  }
  return [...assertions, cache]
}

async function take(
  asked: Asked,
  authority: string | undefined,
  deps: ClaimAbilitiesDeps & Pick<Task, 'signal'>,
): Promise<Outcome> {
  const late = new AbortController()
  const stop = deps.timer.after(CLAIM_TAKEN_TIMEOUT_MS, () => late.abort())
  try {
    const signal = AbortSignal.any([deps.signal, late.signal])
    const taken = await acceptClaim(archiveOf(asked, deps.hasher), authority, { ...deps, signal })
    return taken.error ? taken : ok({})
  } finally {
    stop()
  }
}
