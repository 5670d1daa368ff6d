/**
 * What the front door is made of.
 * @module
 */
import type { Signer } from '@ucanto/interface'
import type { AgentWriter } from '@turnpike/core/ports/agent'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type {
  DelegationStore,
  DelegationWriter,
  StoredDelegation,
} from '@turnpike/core/ports/delegations'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import type { DidResolver } from '@turnpike/core/ports/principals'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import type { Awaitable, Result } from '@turnpike/core/result'
import type { Ability, BatchAbility } from './ability.ts'

/** Who this gateway is. */
export interface Identity {
  /** Signs receipts, as the DID that the gateway has. */
  readonly signer: Signer
  /** All DIDs by which invocations and delegations may call it: `did()` of the signer first. */
  readonly dids: readonly string[]
}

/** Ports and rules of the front door. */
export interface FrontDoorDeps {
  readonly identity: Identity
  /** DIDs whose `ucan/attest` counts beside this gateway's own. */
  readonly attesters: readonly string[]
  readonly agent: AgentWriter
  readonly delegations: DelegationStore & DelegationWriter
  /** Judges a delegation of a space to this gateway; says what to store. */
  checkDelegation(
    archive: Uint8Array,
    space: SpaceDid,
    signal: AbortSignal,
  ): Promise<Result<StoredDelegation, Error>>
  /** Whether the operator lets this space be served here at all. */
  serves(space: SpaceDid): Awaitable<boolean>
  readonly resolver: DidResolver
  readonly signatures: SignatureVerifier
  readonly hasher: Hasher
  readonly clock: Clock
  /** Further abilities, of other parts of the service. */
  readonly abilities?: readonly Ability[]
  /** Those that are run many at once. */
  readonly batchAbilities?: readonly BatchAbility[]
  /** An invariant broke while a task ran; whoever asked hears nothing of why. */
  crash(error: unknown): void
}
