/**
 * Proofs that come one by one: some in the message, others in messages before it.
 * Source: Storacha RFC, "UCAN invocations in HTTP headers", "missing proofs".
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { BytesKey } from '../bytes.ts'
import {
  RETRIEVE_PROOFS_KEPT_BYTES_MAX,
  RETRIEVE_PROOFS_KEPT_MS,
  RETRIEVE_PROOFS_MAX,
} from '../limits/ucan.ts'
import type { Clock } from '../ports/runtime.ts'
import type { Ucan, UcanBlocks } from '../ucan/archive.ts'

/** What an invocation stands on, as far as it is known. */
export interface Gathered {
  /** Undefined when neither this message nor one before had it. */
  readonly invocation: Ucan | undefined
  /** All that it leads to, itself first. */
  readonly ucans: ReadonlyMap<BytesKey, Ucan>
  /** Of what was led to, what nobody has sent. */
  readonly missing: readonly BytesKey[]
  /** Whether some of it came in messages before. */
  readonly fromBefore: boolean
  /** Whether it stands on more than `RETRIEVE_PROOFS_MAX`. */
  readonly tooMany: boolean
}

/** Memory that an object of a UCAN takes beside what was signed. */
const UCAN_BYTES = 1024

/**
 * Keeps UCANs for a while by their CIDs, so that each need be sent once. That one is kept makes it
 * no truer: chains are checked when they are complete.
 */
export class ProofCache {
  readonly #clock: Clock
  readonly #kept = new LRUCache<BytesKey, { readonly ucan: Ucan; readonly untilMs: number }>({
    maxSize: RETRIEVE_PROOFS_KEPT_BYTES_MAX,
    sizeCalculation: ({ ucan }) => ucan.payload.length * 2 + UCAN_BYTES,
  })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Follows an invocation's proofs through a message, and what came before it. */
  gather(task: BytesKey, { find }: UcanBlocks): Gathered {
    const ucans = new Map<BytesKey, Ucan>()
    const missing = new Set<BytesKey>()
    const waiting = [task]
    let fromBefore = false
    const gathered = (tooMany: boolean): Gathered => {
      const invocation = ucans.get(task)
      return { invocation, ucans, missing: [...missing], fromBefore, tooMany }
    }
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      if (ucans.has(key) || missing.has(key)) continue
      if (ucans.size + missing.size >= RETRIEVE_PROOFS_MAX) return gathered(true)
      const sent = find(key)
      const ucan = sent ?? this.#find(key)
      fromBefore ||= ucan !== sent
      if (ucan === undefined) missing.add(key)
      else {
        ucans.set(key, ucan)
        waiting.push(...ucan.proofs)
      }
    }
    return gathered(false)
  }

  /**
   * Keeps what was gathered.
   *
   * @returns until when, wall-clock ms
   */
  keep({ ucans }: Gathered): number {
    const untilMs = this.#clock.monotonicMs() + RETRIEVE_PROOFS_KEPT_MS
    for (const [key, ucan] of ucans) this.#kept.set(key, { ucan, untilMs })
    return this.#clock.nowMs() + RETRIEVE_PROOFS_KEPT_MS
  }

  #find(key: BytesKey): Ucan | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined || this.#clock.monotonicMs() < kept.untilMs) return kept?.ucan
    this.#kept.delete(key)
    return undefined
  }
}
