/**
 * Ports for DIDs: the keys that stand behind them.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'

/** The DID of an Ed25519 key, which is the key itself. */
export type KeyDid = `did:key:${string}`

/** Keys that may sign for a DID. */
export interface DidKeys {
  /** At least one. */
  readonly keys: readonly KeyDid[]
  /** How long that may be relied on, ms from now; undefined for always. */
  readonly ttlMs: number | undefined
}

/** Why no keys of a DID are known. */
export type DidFault =
  /** Its method has no keys, or is not known here. */
  | 'unsupported'
  /** Whoever answers for it says that there is nothing, or nonsense. */
  | 'absent'
  /** Whoever answers for it can't be reached now. */
  | 'unavailable'

/** No keys of this DID are known. */
export class DidUnresolved extends Error {
  override readonly name = 'DidUnresolved'
  readonly did: string
  readonly fault: DidFault
  constructor(did: string, fault: DidFault, message: string, cause?: unknown) {
    super(message, { cause })
    this.did = did
    this.fault = fault
  }
}

/**
 * Leads from a DID to the keys that may sign for it now. Answers are kept for their time, refusals
 * for a short while, in bounded memory. Safe to call with what strangers send.
 */
export interface DidResolver {
  resolve(did: string, signal: AbortSignal): Awaitable<Result<DidKeys, DidUnresolved>>
}
