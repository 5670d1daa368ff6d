/**
 * Makes invocations to retrieve a blob, and the header fields that carry them.
 * Source: Storacha, `space/content/retrieve`; RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import { keyOf, type BytesKey } from '../bytes.ts'
import { linkToBytes } from '../link.ts'
import type { SpaceDid } from '../ports/content.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Result } from '../result.ts'
import { signInvocation } from '../ucan/sign-invocation.ts'
import { RETRIEVE, type RetrieveWish } from './caveats.ts'
import { packAgentHeader, type AgentHeaderTooLong } from './header.ts'
import { encodeExecute, type GatewaySigner, type MessageBlock } from './message.ts'

/** What an invocation is to say. */
export interface RetrievalToSign {
  /** DID of the node that holds the blob. */
  readonly node: string
  readonly space: SpaceDid
  readonly wish: RetrieveWish
  /** Delegations that lead from the space to the signer, the one to the signer first. */
  readonly proofs: readonly MessageBlock[]
  /** Wall-clock ms; whole seconds count. */
  readonly expiresMs: number
  /** Makes it another one than an equal one. */
  readonly nonce: string
}

/** An invocation, and what it stands on. */
export interface SignedRetrieval {
  readonly invocation: MessageBlock
  /** By binary CID. */
  readonly proofs: ReadonlyMap<BytesKey, MessageBlock>
}

/**
 * Signs an invocation.
 *
 * @example
 * const signed = await signRetrieval(asked, { signer, hasher: nodeHasher })
 */
export async function signRetrieval(
  { node, space, wish, proofs, expiresMs, nonce }: RetrievalToSign,
  { signer, hasher }: { readonly signer: GatewaySigner; readonly hasher: Hasher },
): Promise<SignedRetrieval> {
  const nb = {
    blob: { digest: wish.digest },
    range: [wish.range.first, wish.range.last],
  }
  const capability = { can: RETRIEVE, with: space, nb }
  const named = proofs.slice(0, 1)
  const asked = { audience: node, capability, proofs: named, expiresMs, nonce }
  const invocation = await signInvocation(asked, { signer, hasher })
  return {
    invocation,
    proofs: new Map(proofs.map((proof) => [keyOf(linkToBytes(proof.link)), proof])),
  }
}

/**
 * A header field that carries an invocation with all that it stands on.
 *
 * @example
 * const value = await wholeHeader(signed, nodeHasher)
 */
export function wholeHeader(
  { invocation, proofs }: SignedRetrieval,
  hasher: Hasher,
): Promise<Result<string, AgentHeaderTooLong>> {
  return headerOf(invocation, [invocation, ...proofs.values()], hasher)
}

/** A header field that carries one part of it, and names the invocation. */
export function partHeader(
  { invocation }: SignedRetrieval,
  part: MessageBlock,
  hasher: Hasher,
): Promise<Result<string, AgentHeaderTooLong>> {
  return headerOf(invocation, [part], hasher)
}

function headerOf(
  { link }: MessageBlock,
  blocks: readonly MessageBlock[],
  hasher: Hasher,
): Promise<Result<string, AgentHeaderTooLong>> {
  return packAgentHeader(encodeExecute(linkToBytes(link), blocks, hasher))
}
