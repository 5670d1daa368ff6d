/**
 * Publishes our claims to another service, by its front door.
 * Source: Storacha, indexing service: locations by `claim/cache`, which carries the claim along;
 * indexes by `assert/index`, where the invocation is the claim.
 * @module
 */
import { CAR as Car, Delegation, DID, invoke, Message, type API } from '@ucanto/core'
import type { Signer } from '@ucanto/interface'
import { request } from '@ucanto/transport/car'
import { CID } from 'multiformats/cid'
import { readKnownClaim } from '@turnpike/core/claims/read'
import { CLAIMS_PER_MESSAGE } from '@turnpike/core/limits/claims'
import { linkToCid, linkFromBytes } from '@turnpike/core/link'
import type { StoredClaim } from '@turnpike/core/ports/claims'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { providerAddresses } from './provider-addresses.ts'

/** What publishing takes. */
export interface PublishDeps {
  readonly signer: Signer
  readonly hasher: Hasher
  /** DID of the other service. */
  readonly audience: string
  /** Our public address. */
  readonly base: string
  /** Sends a message (`POST /`, a CAR) and gives the body of the answer. */
  send(message: Uint8Array): Promise<Result<Uint8Array, Error>>
}

/** A claim that the other service did not take. */
export interface PublishRefusal {
  readonly cid: string
  readonly name: string
  readonly message: string
}

/** What came of it. */
export interface Published {
  readonly published: number
  readonly refused: readonly PublishRefusal[]
}

/** The other service's answer is none. */
export class AnswerUnreadable extends Error {
  override readonly name = 'AnswerUnreadable'
}

/**
 * Sends claims in their order, some in a message: where an index lies has to come before the index.
 * Claims of other kinds than location and index are passed over. Sent twice, the other service
 * takes them once.
 *
 * @example
 * const done = await publishClaims(claims, { signer, hasher, audience: 'did:web:…', base, send })
 */
export async function publishClaims(
  claims: readonly StoredClaim[],
  deps: PublishDeps,
): Promise<Result<Published, Error>> {
  const refused: PublishRefusal[] = []
  let published = 0
  for (let at = 0; at < claims.length; at += CLAIMS_PER_MESSAGE) {
    const batch = claims.slice(at, at + CLAIMS_PER_MESSAGE)
    const sent = await sendBatch(batch, deps)
    if (sent.error) return sent
    for (const { cid, error } of sent.ok)
      if (error === undefined) published++
      else refused.push({ cid, name: String(error.name), message: String(error.message) })
  }
  return ok({ published, refused })
}

interface Outcome {
  readonly cid: string
  readonly error: { readonly name?: unknown; readonly message?: unknown } | undefined
}

async function sendBatch(
  claims: readonly StoredClaim[],
  deps: PublishDeps,
): Promise<Result<readonly Outcome[], Error>> {
  const invocations = new Map<string, API.IssuedInvocation>()
  for (const claim of claims) {
    const invocation = await invocationOf(claim, deps)
    if (invocation !== undefined) invocations.set(textOf(claim), invocation)
  }
  if (invocations.size === 0) return ok([])
  const message = await Message.build({ invocations: [...invocations.values()] as never })
  const answer = await deps.send(request.encode(message).body as Uint8Array)
  if (answer.error) return answer
  const receipts = receiptsIn(answer.ok)
  if (receipts === undefined) return fail(new AnswerUnreadable('a message with receipts expected'))
  const outcomes: Outcome[] = []
  for (const [cid, invocation] of invocations) {
    const task = String((await invocation.delegate()).cid)
    const missing = { name: 'NoReceipt', message: 'a receipt expected, got none' }
    const out = receipts.get(task)
    outcomes.push({ cid, error: out === undefined ? missing : out.error })
  }
  return ok(outcomes)
}

function textOf({ cid }: StoredClaim): string {
  return String(linkToCid(linkFromBytes(cid)!))
}

async function invocationOf(
  claim: StoredClaim,
  { signer, hasher, audience, base }: PublishDeps,
): Promise<API.IssuedInvocation | undefined> {
  const says = readKnownClaim(claim.archive, hasher).ok?.says
  const parties = { issuer: signer, audience: DID.parse(audience) }
  const expiration = claim.expiresMs === undefined ? Infinity : claim.expiresMs / 1000
  const ability = { with: signer.did(), nb: {} }
  if (says?.kind === 'index') {
    // Its own index claim names the DAG by a link: only the multihash is known of others.
    const extracted = await Delegation.extract(claim.archive)
    const { content, index } = (extracted.ok?.capabilities[0]?.nb ?? {}) as Record<string, unknown>
    const capability = { ...ability, can: 'assert/index' as const, nb: { content, index } }
    return invoke({ ...parties, capability, expiration } as never) as API.IssuedInvocation
  }
  if (says?.kind !== 'location') return undefined
  const extracted = await Delegation.extract(claim.archive)
  if (extracted.error) return undefined
  const nb = { claim: CID.decode(claim.cid), provider: { addresses: providerAddresses(base) } }
  const capability = { ...ability, can: 'claim/cache' as const, nb }
  const invocation = invoke({ ...parties, capability, expiration } as never)
  for (const block of extracted.ok.iterateIPLDBlocks()) invocation.attach(block)
  return invocation as API.IssuedInvocation
}

type Receipts = ReadonlyMap<string, { readonly error?: Outcome['error'] }>

function receiptsIn(body: Uint8Array): Receipts | undefined {
  try {
    const { roots, blocks } = Car.decode(body as never)
    const message = Message.view({ root: roots[0]!.cid, store: blocks })
    const receipts = [...message.receipts.values()] as API.Receipt[]
    return new Map(
      receipts.map(({ ran, out }) => [String(ran.link()), out as { error?: Outcome['error'] }]),
    )
  } catch {
    return undefined
  }
}
