/**
 * Chains of delegations for tests: made from a plain description, whole or broken in any way, and
 * what a model says of them, which knows nothing of how they are judged.
 * @module
 */
import { delegate, type API } from '@ucanto/core'
import { Absentee } from '@ucanto/principal'
import * as ed25519 from '@ucanto/principal/ed25519'
import fc from 'fast-check'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { DidResolver } from '@turnpike/core/ports/principals'
import { DidUnresolved } from '@turnpike/core/ports/principals'
import { fail, ok } from '@turnpike/core/result'

/** A key made of one byte, so that every run signs the same. */
export const keyOf = (seed: number): Promise<ed25519.EdSigner> =>
  ed25519.derive(new Uint8Array(32).fill(seed))

const [alice, bob, carol, service, stranger] = await Promise.all([11, 12, 13, 14, 15].map(keyOf))
/** Two spaces, and the gateway that they let serve them. */
export const SPACES: readonly ed25519.EdSigner[] = await Promise.all([1, 2].map(keyOf))
export const GATEWAY: ed25519.EdSigner = await keyOf(9)
/** Who attests for accounts that have no key. */
export const ATTESTER: ReturnType<ed25519.EdSigner['withDID']> =
  service!.withDID('did:web:up.example')
const ACCOUNT = Absentee.from({ id: 'did:mailto:example.com:alice' })
const PEOPLE = [alice!, bob!, carol!]

/** Knows the attester's key and no other. */
export const RESOLVER: DidResolver = {
  resolve: (did) =>
    did === ATTESTER.did()
      ? ok({ keys: [service!.did()], ttlMs: 60_000 })
      : fail(new DidUnresolved(did, 'unsupported', `${did} expected to be known`)),
}

const ABILITIES = [
  'space/content/serve/transport/http',
  'space/content/serve/*',
  'space/*',
  '*',
  'space/content/serve/transport/bitswap',
  'space/content/ser*',
  'upload/*',
] as const
const COVERING = 4
const TOKENS = [undefined, null, 'open sesame', 'Open sesame'] as const
const RESOURCES = ['space', 'everything', 'other space'] as const
const FAULTS = ['none', 'audience', 'signature', 'no proof', 'no attestation'] as const

/** One link, by choices. Times are seconds from `nowSeconds`; undefined for no bound. */
export interface LinkPlan {
  readonly ability: number
  readonly resource: (typeof RESOURCES)[number]
  readonly token: (typeof TOKENS)[number]
  readonly startsIn: number | undefined
  readonly endsIn: number | undefined
  readonly fault: (typeof FAULTS)[number]
}

/** A chain from a space to the gateway. */
export interface ChainPlan {
  /** 0 or 1. */
  readonly space: number
  readonly links: readonly LinkPlan[]
  /** Whether the second link's issuer is an account that has no key. */
  readonly account: boolean
  /** Whether proofs that lead nowhere lie beside the good ones. */
  readonly decoy: boolean
}

/** Mostly good values: chains of several links would hardly ever hold otherwise. */
function mostly<T>(good: T, others: readonly T[]): fc.Arbitrary<T> {
  const other = { weight: 1, arbitrary: fc.constantFrom(...others) }
  return fc.oneof({ weight: 7, arbitrary: fc.constant(good) }, other)
}

const linkPlan: fc.Arbitrary<LinkPlan> = fc.record({
  ability: fc.oneof(
    { weight: 9, arbitrary: fc.nat(COVERING - 1) },
    { weight: 1, arbitrary: fc.integer({ min: COVERING, max: ABILITIES.length - 1 }) },
  ),
  resource: mostly<LinkPlan['resource']>('space', RESOURCES),
  token: mostly<LinkPlan['token']>(undefined, TOKENS),
  startsIn: mostly<number | undefined>(undefined, [-1000, 1000]),
  endsIn: mostly<number | undefined>(undefined, [-500, 2000]),
  fault: mostly<LinkPlan['fault']>('none', FAULTS),
})

/** Random chains, about half of which hold. */
export const chainPlan: fc.Arbitrary<ChainPlan> = fc.record({
  space: fc.nat(1),
  links: fc.array(linkPlan, { minLength: 1, maxLength: 4 }),
  account: fc.boolean(),
  decoy: fc.boolean(),
})

/** A chain as it was made: the gateway's delegation, and each link from the space's on. */
export interface MadeChain {
  readonly plan: ChainPlan
  readonly space: SpaceDid
  readonly delegation: API.Delegation
  readonly archive: Uint8Array
  readonly links: readonly { readonly cid: Uint8Array; readonly issuer: string }[]
}

type AnySigner = API.Signer<API.DID>

/** Makes a chain. Its last link is for the gateway. */
export async function makeChain(plan: ChainPlan, nowSeconds: number): Promise<MadeChain> {
  const space = SPACES[plan.space]!
  const issuers: AnySigner[] = [space, ...PEOPLE].slice(0, plan.links.length)
  if (plan.account && plan.links.length > 1) issuers[1] = ACCOUNT as unknown as AnySigner
  const links: MadeChain['links'][number][] = []
  let proofs: API.Proof[] = []
  let last: API.Delegation | undefined
  for (const [i, link] of plan.links.entries()) {
    const meant = issuers[i + 1] ?? GATEWAY
    const audience = link.fault === 'audience' ? stranger! : meant
    const nb = link.token === undefined ? {} : { nb: { token: link.token } }
    const made = await delegate({
      issuer: link.fault === 'signature' ? forger(issuers[i]!) : issuers[i]!,
      audience,
      capabilities: [
        { can: ABILITIES[link.ability]!, with: resourceOf(link, space.did()), ...nb },
      ] as never,
      proofs,
      expiration: link.endsIn === undefined ? Infinity : nowSeconds + link.endsIn,
      // Links with the same words are different ones.
      nonce: `${i} ${plan.decoy}`,
      ...(link.startsIn !== undefined && { notBefore: nowSeconds + link.startsIn }),
    })
    links.push({ cid: made.cid.bytes, issuer: issuers[i]!.did() })
    last = made
    proofs = link.fault === 'no proof' ? [made.cid] : [made]
    if (issuers[i] === (ACCOUNT as unknown) && link.fault !== 'no attestation')
      proofs.push(await attestation(made, audience))
    if (plan.decoy) proofs.unshift(await decoy(audience, space.did()))
  }
  const archived = await last!.archive()
  if (archived.error) throw archived.error
  return { plan, space: space.did(), delegation: last!, archive: archived.ok, links }
}

function resourceOf({ resource }: LinkPlan, space: string): string {
  if (resource === 'space') return space
  return resource === 'everything' ? 'ucan:*' : stranger!.did()
}

/** Signs as somebody else. */
function forger(as: AnySigner): AnySigner {
  return {
    did: () => as.did(),
    signatureAlgorithm: stranger!.signatureAlgorithm,
    signatureCode: stranger!.signatureCode,
    sign: (payload: Uint8Array) => stranger!.sign(payload),
  } as unknown as AnySigner
}

function attestation(of: API.Delegation, audience: API.Principal): Promise<API.Delegation> {
  return delegate({
    issuer: ATTESTER,
    audience,
    capabilities: [{ can: 'ucan/attest', with: ATTESTER.did(), nb: { proof: of.cid } }],
    expiration: Infinity,
  })
}

/** Says the right thing, by somebody who has no say. */
function decoy(audience: API.Principal, space: SpaceDid): Promise<API.Delegation> {
  return delegate({
    issuer: stranger!,
    audience,
    capabilities: [{ can: 'space/*', with: space }],
    expiration: Infinity,
  })
}

/** A request, and what is known when it comes. */
export interface Asked {
  readonly token: string | undefined
  /** Seconds from those that the chain was made by. */
  readonly atSeconds: number
  /** Who revoked which links, by number. */
  readonly revoked: readonly { readonly link: number; readonly by: string }[]
}

/** What the model says of a chain: link by link, from its plan alone. */
export function modelAdmits(
  { plan, space, links }: Pick<MadeChain, 'plan' | 'space' | 'links'>,
  { token, atSeconds, revoked }: Asked,
): boolean {
  return plan.links.every((link, i) => {
    if (link.ability >= COVERING || link.resource === 'other space') return false
    if (link.token !== undefined && link.token !== (token ?? null)) return false
    if (link.startsIn !== undefined && atSeconds < link.startsIn) return false
    if (link.endsIn !== undefined && atSeconds >= link.endsIn) return false
    const isAccount = plan.account && i === 1
    if (link.fault === 'audience') return false
    if (link.fault === 'signature' && !isAccount) return false
    // What attests to a link lies beside it, in the one that it is a proof of.
    const isLast = i === plan.links.length - 1
    if (isAccount && (isLast || link.fault === 'no attestation')) return false
    if (link.fault === 'no proof' && !isLast) return false
    return !revoked.some(({ link: which, by }) => {
      const mayRevoke = [space, GATEWAY.did(), ...links.slice(0, i + 1).map((one) => one.issuer)]
      return which === i && mayRevoke.includes(by as SpaceDid)
    })
  })
}

/** DIDs that may appear as who revoked something. */
export const REVOKERS: readonly string[] = [
  ...SPACES.map((space) => space.did()),
  ...PEOPLE.map((one) => one.did()),
  ACCOUNT.did(),
  GATEWAY.did(),
  stranger!.did(),
]
