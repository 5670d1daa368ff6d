/**
 * A content index that asks others about what is not in its own: tier after tier, each look-up once
 * for all who want to know.
 * @module
 */
import { keyOf } from '@turnpike/core/bytes'
import {
  LOCATED_KEPT_MAX,
  LOCATED_KEPT_MS,
  LOCATED_MISSING_MS,
  LOCATOR_LOOKUPS_MAX,
  SERVICE_QUESTION_HASHES_MAX,
} from '@turnpike/core/limits/claims'
import type { Places } from '@turnpike/core/locate/places'
import type { Slice } from '@turnpike/core/ports/blob'
import { LocatorFault, type ContentIndex, type SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { LRUCache } from 'lru-cache'
import { Inquiry, type InquiryDeps, type Scope } from './inquiry.ts'

/** Services of one kind. */
export interface Tier {
  readonly services: InquiryDeps['services']
  /** Time for all that is asked of them in one look-up. */
  readonly timeoutMs: number
}

/** What the index is made of. */
export interface RemoteIndexOptions extends Omit<InquiryDeps, 'services' | 'closing' | 'late'> {
  /** What is known here. */
  readonly own: ContentIndex
  /** Asked in this order, as long as something is not found. */
  readonly tiers: readonly Tier[]
  readonly places: Places
  readonly clock: Clock
  /** Pays for content of no space. */
  readonly operator: SpaceDid
  /** Whether such content is served. */
  readonly servesLegacy: boolean
  /** Differs after each revocation: what was believed before is forgotten then. */
  readonly generation?: () => number
  /** Hears of each service that failed a look-up. */
  readonly onFault?: (fault: LocatorFault) => void
}

/** What is asked about in one look-up: blocks of a space, of none, or of any. */
const ANY: Scope = { key: '*', space: undefined, any: true }
const NO_SPACE: Scope = { key: '-', space: undefined, any: false }

/**
 * The composite of our own index and of services. What was found is kept until its claims expire,
 * in bounds; that nothing is known, for seconds. A place found for one space is never an answer for
 * another.
 */
export class RemoteIndex implements ContentIndex {
  readonly here: ContentIndex
  readonly #options: RemoteIndexOptions
  readonly #closing = new AbortController()
  /** Until when all services are known to have said what they know, by scope and block. */
  readonly #asked = new LRUCache<string, number>({ max: LOCATED_KEPT_MAX })
  readonly #underWay = new Map<string, Promise<LocatorFault | undefined>>()
  #lookups = 0
  #generation: number | undefined

  constructor(options: RemoteIndexOptions) {
    this.here = options.own
    this.#options = options
    this.#generation = options.generation?.()
  }

  /** Ends look-ups that are under way. */
  close(): void {
    this.#closing.abort()
  }

  async spaces(multihash: Uint8Array): Promise<readonly SpaceDid[]> {
    const near = await this.here.spaces(multihash)
    await this.#settle(ANY, [multihash])
    const { places, operator } = this.#options
    const all = [...new Set([...near, ...places.spaces(multihash)])]
    const isLegacy = all.length === 0 && this.#isFound(NO_SPACE, multihash)
    return isLegacy ? [operator] : all
  }

  async slices(
    space: SpaceDid,
    multihashes: readonly Uint8Array[],
  ): Promise<readonly (readonly Slice[])[]> {
    const near = await this.here.slices(space, multihashes)
    const missing = multihashes.filter((_, i) => near[i]!.length === 0)
    const scope = this.#scopeOf(space)
    if (missing.length === 0 || scope === undefined) return near
    await this.#settle(scope, missing)
    const far = multihashes.map((hash, i) =>
      near[i]!.length > 0 ? near[i]! : this.#far(scope, hash),
    )
    return Promise.all(far)
  }

  lied(...told: Parameters<NonNullable<ContentIndex['lied']>>): void {
    this.here.lied?.(...told)
  }

  /** What is in a space here is not of no space, whoever claims it is. */
  async #far({ space }: Scope, hash: Uint8Array): Promise<readonly Slice[]> {
    if (space === undefined && (await this.here.spaces(hash)).length > 0) return []
    return this.#options.places.slices(space, hash)
  }

  /** Undefined where nobody need be asked. */
  #scopeOf(space: SpaceDid): Scope | undefined {
    const { operator, servesLegacy } = this.#options
    if (space === operator) return servesLegacy ? NO_SPACE : undefined
    return { key: space, space, any: false }
  }

  /**
   * Waits until all is known of some blocks that services know.
   *
   * @throws {LocatorFault} when something was not found, and somebody who may know did not say
   */
  async #settle(scope: Scope, multihashes: readonly Uint8Array[]): Promise<void> {
    this.#forgetIfRevoked()
    const unknown = multihashes.filter((hash) => !this.#isKnown(scope, hash))
    if (unknown.length === 0) return
    const keys = unknown.map((hash) => keyIn(scope, hash))
    const fresh = unknown.filter((_, i) => !this.#underWay.has(keys[i]!))
    if (fresh.length > 0) this.#start(scope, fresh)
    const faults = await Promise.all(new Set(keys.map((key) => this.#underWay.get(key))))
    const fault = faults.find((one) => one !== undefined)
    if (fault !== undefined && !unknown.every((hash) => this.#isFound(scope, hash))) throw fault
  }

  #start(scope: Scope, multihashes: readonly Uint8Array[]): void {
    if (this.#lookups >= LOCATOR_LOOKUPS_MAX) {
      const message = `fewer than ${LOCATOR_LOOKUPS_MAX} look-ups at once expected, try again`
      throw new LocatorFault('LocatorUnavailable', '', message)
    }
    this.#lookups++
    const keys = multihashes.map((hash) => keyIn(scope, hash))
    const lookup = this.#lookUp(scope, multihashes).finally(() => {
      this.#lookups--
      for (const key of keys) this.#underWay.delete(key)
    })
    for (const key of keys) this.#underWay.set(key, lookup)
  }

  /** Returns why what was not found may be somewhere all the same. */
  async #lookUp(
    scope: Scope,
    multihashes: readonly Uint8Array[],
  ): Promise<LocatorFault | undefined> {
    const faults: LocatorFault[] = []
    const generation = this.#generation
    let open = multihashes
    for (const tier of this.#options.tiers) {
      faults.push(...(await this.#askTier(tier, scope, open)))
      open = open.filter((hash) => !this.#isFound(scope, hash))
      if (open.length === 0) break
    }
    for (const fault of faults) this.#options.onFault?.(fault)
    // What was learned is of a time before the last revocation.
    if (generation !== this.#generation) this.#options.places.clear()
    this.#remember(scope, multihashes, faults.length === 0)
    return faults.find(({ name }) => name === 'LocatorUnavailable') ?? faults[0]
  }

  async #askTier(
    { services, timeoutMs }: Tier,
    scope: Scope,
    multihashes: readonly Uint8Array[],
  ): Promise<readonly LocatorFault[]> {
    const late = AbortSignal.timeout(timeoutMs)
    const closing = this.#closing.signal
    const asked = services.filter(({ ofNoSpace }) => !ofNoSpace || this.#mayBeOfNoSpace(scope))
    const inquiry = new Inquiry({ ...this.#options, services: asked, late, closing }, scope)
    for (let at = 0; at < multihashes.length; at += SERVICE_QUESTION_HASHES_MAX) {
      const batch = multihashes.slice(at, at + SERVICE_QUESTION_HASHES_MAX)
      // The index that the first brought may list the others.
      const open = batch.filter((hash) => !this.#isFound(scope, hash))
      if (open.length > 0) await inquiry.ask(open)
    }
    return inquiry.faults
  }

  #mayBeOfNoSpace({ any, space }: Scope): boolean {
    return this.#options.servesLegacy && (any || space === undefined)
  }

  /** Where somebody did not say, what was found may not be all, and what was not is not missing. */
  #remember(scope: Scope, multihashes: readonly Uint8Array[], isAll: boolean): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const hash of multihashes) {
      const found = this.#isFound(scope, hash)
      if (!found && !isAll) continue
      const keptMs = found && isAll ? LOCATED_KEPT_MS : LOCATED_MISSING_MS
      this.#asked.set(keyIn(scope, hash), nowMs + keptMs)
    }
  }

  /** Whether a look-up would tell no more than what is known. */
  #isKnown(scope: Scope, hash: Uint8Array): boolean {
    if (!scope.any && this.#isFound(scope, hash)) return true
    const nowMs = this.#options.clock.monotonicMs()
    const wasAsked = ({ key }: Scope): boolean =>
      nowMs < (this.#asked.get(keyIn({ key }, hash)) ?? 0)
    if (!scope.any) return wasAsked(scope) || (wasAsked(ANY) && !this.#isFound(ANY, hash))
    // What was found may have expired since.
    return wasAsked(scope) && (this.#isFound(scope, hash) || !this.#wasFound(hash))
  }

  #isFound(scope: Scope, hash: Uint8Array): boolean {
    const { places, servesLegacy } = this.#options
    if (scope.any && places.spaces(hash).length > 0) return true
    if (scope.space === undefined && !servesLegacy) return false
    return places.slices(scope.space, hash).length > 0
  }

  /** Whether the last answer was kept as one that found something. */
  #wasFound(hash: Uint8Array): boolean {
    const untilMs = this.#asked.get(keyIn(ANY, hash)) ?? 0
    return untilMs - this.#options.clock.monotonicMs() > LOCATED_MISSING_MS
  }

  #forgetIfRevoked(): void {
    const generation = this.#options.generation?.()
    if (generation === this.#generation) return
    this.#generation = generation
    this.#options.places.clear()
    this.#asked.clear()
  }
}

function keyIn({ key }: Pick<Scope, 'key'>, hash: Uint8Array): string {
  return `${key} ${keyOf(hash)}`
}
