/**
 * Collects the claims that answer a question, and indexes beside them, within the bounds of an
 * answer. Our own store is asked, and nobody else.
 * @module
 */
import { bytesEqual, keyOf, type BytesKey } from '@turnpike/core/bytes'
import { readKnownClaim } from '@turnpike/core/claims/read'
import { CLAIMS_ANSWER_BYTES_MAX, CLAIMS_ANSWER_MAX } from '@turnpike/core/limits/claims'
import { CAR, type Link } from '@turnpike/core/link'
import type { ClaimKind, CoveringIndex, StoredClaim } from '@turnpike/core/ports/claims'
import type { ClaimPagesDeps, ClaimsReader } from './deps.ts'
import { Shown } from './shown.ts'

/** An index in an answer. */
export interface AnsweredIndex {
  readonly link: Link
  readonly archive: Uint8Array
}

/** What was found, each once, in the order in which it was found. */
export interface Collected {
  readonly claims: readonly StoredClaim[]
  readonly indexes: readonly AnsweredIndex[]
}

/** One question's answer while it grows. What does not fit is left out. */
export class Collection {
  readonly #deps: ClaimPagesDeps
  readonly #shown: Shown
  readonly #claims = new Map<BytesKey, StoredClaim>()
  readonly #indexes = new Map<BytesKey, AnsweredIndex>()
  #bytes = 0

  constructor(deps: ClaimPagesDeps, reader: ClaimsReader) {
    this.#deps = deps
    this.#shown = new Shown(deps, reader)
  }

  /** Takes a claim in; false when the answer is full. */
  add(claim: StoredClaim): boolean {
    const key = keyOf(claim.cid)
    if (this.#claims.has(key)) return true
    if (this.#claims.size >= CLAIMS_ANSWER_MAX || !this.#fits(claim.archive)) return false
    this.#bytes += claim.archive.length
    this.#claims.set(key, claim)
    return true
  }

  /** Takes in what may be shown of the claims about a multihash; returns those. */
  async about(content: Uint8Array, kinds?: readonly ClaimKind[]): Promise<StoredClaim[]> {
    const taken: StoredClaim[] = []
    for await (const claim of this.#deps.claims.byContent(content, kinds)) {
      if (!(await this.#shown.has(claim))) continue
      if (claim.kind === 'index' && !(await this.#isIndexShown(claim))) continue
      if (!this.add(claim)) break
      taken.push(claim)
    }
    return taken
  }

  /** Takes in where the other sides of `equals` claims lie. */
  async sameAs(content: Uint8Array): Promise<void> {
    for (const claim of await this.about(content, ['equals'])) {
      const says = readKnownClaim(claim.archive, this.#deps.hasher).ok?.says
      if (says?.kind === 'equals') await this.about(says.equals.multihash, ['location'])
    }
  }

  /**
   * Takes in the indexes that list a block: claims, where index and shard lie, and archives.
   *
   * @param shardsToo whether also those that list the content as a shard of theirs
   */
  async indexed(content: Uint8Array, shardsToo: boolean): Promise<void> {
    for (const covering of await this.#coveringShown(content)) {
      if (!shardsToo && bytesEqual(covering.place.shard, content)) continue
      if (!this.add(covering.claim)) return
      await this.about(covering.index, ['location'])
      await this.about(covering.place.shard, ['location'])
      await this.#addArchive(covering.index)
    }
    for (const claim of await this.about(content, ['index'])) {
      const says = readKnownClaim(claim.archive, this.#deps.hasher).ok?.says
      if (says?.kind === 'index') await this.about(says.index.multihash, ['location'])
    }
  }

  /** Indexes that list a block, as far as one of the claims where its shard lies is shown. */
  async #coveringShown(content: Uint8Array): Promise<CoveringIndex[]> {
    const shown: CoveringIndex[] = []
    for (const covering of await this.#deps.indexes.covering(content)) {
      const isShown =
        (await this.#shown.has(covering.claim)) && (await this.#hasShownPlace(covering.place.shard))
      if (isShown) shown.push(covering)
    }
    return shown
  }

  /** Whether a claim where a blob lies is shown. */
  async #hasShownPlace(blob: Uint8Array): Promise<boolean> {
    for await (const claim of this.#deps.claims.byContent(blob, ['location']))
      if (await this.#shown.has(claim)) return true
    return false
  }

  /** An index claim names no space: that of where the index lies counts. */
  async #isIndexShown(claim: StoredClaim): Promise<boolean> {
    if (claim.space !== undefined) return true
    const says = readKnownClaim(claim.archive, this.#deps.hasher).ok?.says
    return says?.kind === 'index' && (await this.#hasShownPlace(says.index.multihash))
  }

  /** Whether one claim may be shown, asked for by its CID. */
  async mayShow(claim: StoredClaim): Promise<boolean> {
    if (!(await this.#shown.has(claim))) return false
    return claim.kind !== 'index' || this.#isIndexShown(claim)
  }

  async #addArchive(multihash: Uint8Array): Promise<void> {
    const key = keyOf(multihash)
    if (this.#indexes.has(key)) return
    const archive = await this.#deps.indexes.archive(multihash)
    if (archive === undefined || !this.#fits(archive)) return
    this.#bytes += archive.length
    this.#indexes.set(key, { link: { version: 1, codec: CAR, multihash }, archive })
  }

  #fits({ length }: Uint8Array): boolean {
    return this.#bytes + length <= CLAIMS_ANSWER_BYTES_MAX
  }

  get found(): Collected {
    return { claims: [...this.#claims.values()], indexes: [...this.#indexes.values()] }
  }
}
