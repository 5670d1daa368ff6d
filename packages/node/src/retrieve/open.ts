/**
 * Invocations to retrieve, as a deployment judges and signs them.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Retrievals } from '@turnpike/gateway/retrievals'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { packAgentHeader } from '@turnpike/core/retrieve/header'
import { InvocationJudge } from '@turnpike/core/retrieve/invocations'
import { RetrievalJudge } from '@turnpike/core/retrieve/judge'
import { encodeReceipt } from '@turnpike/core/retrieve/message'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { Trust } from '../authorize/authorizer.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { nodeHasher } from '../hasher.ts'
import type { GatewayIdentity } from '../identity/identity.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { StoredInvoker, type RetrievalInvoker } from './invoker.ts'
import { openSigner } from './signer.ts'

/** What they are opened with. */
export interface RetrieveOptions extends Pick<Trust, 'resolver' | 'attesters'> {
  /** Folder of the gateway's key. */
  readonly keys: string
  /** A connection to the folder's catalog, which may be read-only. */
  readonly catalog: DatabaseSync
  readonly identity: GatewayIdentity
  readonly clock: Clock
  readonly random: Random
}

/** Both sides: of who holds blobs, and of who fetches them. */
export interface OpenRetrieve {
  readonly retrievals: Retrievals
  readonly invoker: RetrievalInvoker
  /** Judges invocations that ask for something else than a blob. */
  readonly judge: InvocationJudge
}

/**
 * Opens both sides for one process, which alone remembers what was run, and proofs that came ahead.
 * Undefined where there is no key to sign with.
 *
 * @example
 * const retrieve = await openRetrieve({ keys, catalog, identity, clock: nodeClock, random })
 */
export async function openRetrieve({
  keys,
  catalog,
  identity,
  clock,
  random,
  resolver,
  attesters = [],
}: RetrieveOptions): Promise<OpenRetrieve | undefined> {
  const signAs = await openSigner(keys)
  if (signAs === undefined) return undefined
  const store = new CatalogDelegations(catalog)
  const checks = new SignatureChecks(nodeVerifier, resolver)
  const trust = { store, checks, attesters, clock }
  const rules = { ...trust, gateways: identity.dids, hasher: nodeHasher }
  const judge = new RetrievalJudge(rules)
  const signer = signAs(identity.did)
  // Keys that signed before don't sign any more.
  const signsAs = [identity.did, identity.keys[0]!]
  return {
    retrievals: {
      examine: (asked) => judge.examine(asked),
      async receipt(task, out) {
        const receipt = encodeReceipt(task, out, { signer, hasher: nodeHasher })
        const packed = await packAgentHeader(receipt)
        if (packed.error) throw packed.error
        return packed.ok
      },
    },
    invoker: new StoredInvoker({ ...trust, signsAs, signAs, random }),
    judge: new InvocationJudge(rules),
  }
}
