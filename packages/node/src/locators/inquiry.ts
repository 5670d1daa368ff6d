/**
 * One look-up at the services of one tier: what they say, and what that leads to asking next.
 * @module
 */
import { decodeDagIndex } from '@turnpike/core/blob-index'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import type { Claim } from '@turnpike/core/claims/read'
import {
  LOCATOR_ROUNDS_MAX,
  SERVICE_CLAIMS_MAX,
  SERVICE_INDEXES_MAX,
  SERVICE_QUESTION_HASHES_MAX,
} from '@turnpike/core/limits/claims'
import type { LocatedBlob } from '@turnpike/core/locate/sites'
import type { Places } from '@turnpike/core/locate/places'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { LocatorFault, type SpaceDid } from '@turnpike/core/ports/content'
import { nodeHasher } from '../hasher.ts'
import type { Question, Service, Told } from './service.ts'

/** Which content a look-up is about. */
export interface Scope {
  /** Different for each. */
  readonly key: string
  /** The space; undefined for none, or any. */
  readonly space: SpaceDid | undefined
  readonly any: boolean
}

/** What a claim turned out to be: undefined for one that is not to be used. */
export type CheckedClaim = Claim | 'unresolved' | undefined

/** What a look-up works with. */
export interface InquiryDeps {
  readonly services: readonly Service[]
  /** Where what was learned is kept. */
  readonly places: Places
  /** Checks a claim's signature and time. */
  readonly readClaim: (archive: Uint8Array, signal: AbortSignal) => Promise<CheckedClaim>
  /** Reads a small blob from where it may lie; undefined when it can't be had. */
  readonly readBlob: (
    multihash: Uint8Array,
    sites: readonly LocatedBlob[],
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>
  /** Aborts when time is up. */
  readonly late: AbortSignal
  readonly closing: AbortSignal
}

/** Bounded: `LOCATOR_ROUNDS_MAX` rounds of questions for each batch, within the tier's time. */
export class Inquiry {
  /** Why what was not found may be somewhere all the same. */
  readonly faults: LocatorFault[] = []
  readonly #deps: InquiryDeps
  readonly #scope: Scope
  readonly #signal: AbortSignal
  readonly #asked = new Set<BytesKey>()
  readonly #fetched = new Set<BytesKey>()

  constructor(deps: InquiryDeps, scope: Scope) {
    this.#deps = deps
    this.#scope = scope
    this.#signal = AbortSignal.any([deps.late, deps.closing])
  }

  /** Asks about some blocks, and keeps what is said. */
  async ask(multihashes: readonly Uint8Array[]): Promise<void> {
    await this.#put(multihashes, 'standard')
    for (let round = 1; round < LOCATOR_ROUNDS_MAX && !this.#signal.aborted; round++) {
      const wanting = multihashes.filter((hash) => !this.#isFound(hash))
      const fetched = await this.#fetchIndexes(wanting)
      const next = this.#toAsk(wanting)
      if (next.length > 0) await this.#put(next, 'location')
      else if (!fetched) return
    }
  }

  #isFound(hash: Uint8Array): boolean {
    const { places } = this.#deps
    const { any, space } = this.#scope
    return (any && places.spaces(hash).length > 0) || places.slices(space, hash).length > 0
  }

  /** What lies at places that nobody has told yet. */
  #toAsk(wanting: readonly Uint8Array[]): readonly Uint8Array[] {
    const { places } = this.#deps
    const next = new Map<BytesKey, Uint8Array>()
    for (const hash of wanting) {
      const { indexes, blobs } = places.wanting(hash)
      for (const one of [...indexes.map(({ multihash }) => multihash), ...blobs])
        if (!this.#asked.has(keyOf(one))) next.set(keyOf(one), one)
    }
    return [...next.values()].slice(0, SERVICE_QUESTION_HASHES_MAX)
  }

  async #put(multihashes: readonly Uint8Array[], type: Question['type']): Promise<void> {
    for (const hash of multihashes) this.#asked.add(keyOf(hash))
    const { services, late, closing } = this.#deps
    const question = { multihashes, type, space: this.#scope.space }
    const answers = await Promise.all(services.map((one) => one.ask(question, late, closing)))
    for (const answer of answers)
      if (answer.error) this.faults.push(answer.error)
      else await this.#take(answer.ok)
  }

  async #take({ claims, indexes, gateways = [] }: Told): Promise<void> {
    const { places, readClaim } = this.#deps
    for (const archive of claims.slice(0, SERVICE_CLAIMS_MAX)) {
      const claim = await readClaim(archive, this.#signal)
      if (claim === 'unresolved') this.#missed('the keys of an issuer, which can not be had now')
      else if (claim !== undefined) places.addClaim(claim)
    }
    // Claims first: an index counts only if one names it.
    for (const archive of indexes.slice(0, SERVICE_INDEXES_MAX)) this.#takeIndex(archive)
    for (const { multihash, urls, sizeBytes } of gateways)
      places.addGateways(multihash, urls, sizeBytes)
  }

  #takeIndex(archive: Uint8Array): void {
    const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(archive))
    const index = decodeDagIndex(archive, nodeHasher)
    if (index.ok) this.#deps.places.addIndex(multihash, index.ok)
  }

  /** Reads indexes that claims name, from where claims say that they lie; whether any came. */
  async #fetchIndexes(wanting: readonly Uint8Array[]): Promise<boolean> {
    const { places, readBlob } = this.#deps
    let came = false
    for (const { multihash } of wanting.flatMap((hash) => places.wanting(hash).indexes)) {
      const sites = places.blobSites(multihash)
      if (sites.length === 0 || this.#fetched.has(keyOf(multihash))) continue
      if (this.#fetched.size >= SERVICE_INDEXES_MAX) return came
      this.#fetched.add(keyOf(multihash))
      const archive = await readBlob(multihash, sites, this.#signal)
      if (archive === undefined) this.#missed('an index, which can not be had now')
      else {
        this.#takeIndex(archive)
        came = true
      }
    }
    return came
  }

  #missed(what: string): void {
    const name = this.#deps.late.aborted ? 'LocatorTimeout' : 'LocatorUnavailable'
    this.faults.push(new LocatorFault(name, '', `look-up expected ${what}`))
  }
}
