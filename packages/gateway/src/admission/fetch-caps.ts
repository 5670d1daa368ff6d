/**
 * How much one space, or one origin, can make a deployment fetch in a day.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { FETCH_KEYS_KEPT_MAX, FETCH_TOTALS_TTL_MS } from '@turnpike/core/limits'
import type { Clock } from '@turnpike/core/ports/runtime'

const DAY_MS = 86_400_000

/** Whose fetching is bounded. */
export type Capped = 'space' | 'origin'

/** As much was fetched today for a space, or from an origin, as the operator allows. */
export class FetchCapReached extends Error {
  override readonly name = 'FetchCapReached'
  readonly capped: Capped
  /** Until the next day (UTC). */
  readonly waitMs: number
  constructor(capped: Capped, waitMs: number) {
    const who = capped === 'space' ? 'the space of this content' : 'the origin of this content'
    super(`${who} had as much fetched today as this gateway allows: try again after midnight UTC`)
    this.capped = capped
    this.waitMs = waitMs
  }
}

/** Bytes of a day (since the Unix epoch) of a space or an origin. Keys of others share ''. */
export interface FetchedRow {
  readonly day: number
  readonly key: string
  readonly bytes: bigint
}

/** Reads what all processes fetched, as far as it is on the books. */
export interface FetchTotals {
  /** Bytes of a day; asked once a second for each key in use. */
  of(day: number, key: string): bigint
}

/** What caps are made of. Without a bound, nothing is counted. */
export interface FetchCapsOptions {
  readonly clock: Clock
  readonly totals: FetchTotals
  /** Bytes a day for one space; undefined for any number. */
  readonly spaceBytesMax: bigint | undefined
  /** Bytes a day from one origin. */
  readonly originBytesMax: bigint | undefined
  /** Keys whose bytes are not on the books yet; `FETCH_KEYS_KEPT_MAX` unless told. */
  readonly keysMax?: number
}

/**
 * Counts what one process fetches, on top of what is on the books. Counted is what is asked of
 * origins, be it good, bad, or never comes. A read asks before it begins, so that a cap is
 * exceeded by what is under way then, and by what other processes have not put on the books yet.
 */
export class FetchCaps {
  readonly #options: FetchCapsOptions
  readonly #bytesMax: { readonly [K in Capped]: bigint | undefined }
  readonly #known = new LRUCache<string, { readonly bytes: bigint; readonly atMs: number }>({
    max: FETCH_KEYS_KEPT_MAX,
  })
  /** Bytes that are not on the books, and those of them that are on their way there. */
  #fresh = new Map<string, FetchedRow>()
  #sent = new Map<string, FetchedRow>()

  constructor(options: FetchCapsOptions) {
    this.#options = options
    this.#bytesMax = { space: options.spaceBytesMax, origin: options.originBytesMax }
  }

  /** Why nothing may be fetched from an origin for a space; undefined when it may. */
  reached(space: string, origin: string): FetchCapReached | undefined {
    const nowMs = this.#options.clock.nowMs()
    const day = Math.floor(nowMs / DAY_MS)
    const isFull = (capped: Capped, of: string): boolean => {
      const bytesMax = this.#bytesMax[capped]
      return bytesMax !== undefined && this.#total(day, `${capped} ${of}`) >= bytesMax
    }
    const capped = isFull('space', space)
      ? 'space'
      : isFull('origin', origin)
        ? 'origin'
        : undefined
    return capped && new FetchCapReached(capped, (day + 1) * DAY_MS - nowMs)
  }

  /** So many more bytes are asked of an origin for a space. */
  fetched(space: string, origin: string, bytes: number): void {
    const day = Math.floor(this.#options.clock.nowMs() / DAY_MS)
    if (this.#bytesMax.space !== undefined) this.#count(day, `space ${space}`, BigInt(bytes))
    if (this.#bytesMax.origin !== undefined) this.#count(day, `origin ${origin}`, BigInt(bytes))
  }

  /**
   * What is to be put on the books; empty when nothing is, or when the last was not
   * {@link settled} yet.
   */
  collect(): readonly FetchedRow[] {
    if (this.#sent.size > 0) return []
    this.#sent = this.#fresh
    this.#fresh = new Map()
    return [...this.#sent.values()]
  }

  /** What was collected is on the books now, or could not be put there. */
  settled(isWritten: boolean): void {
    const sent = this.#sent
    this.#sent = new Map()
    if (isWritten) for (const id of sent.keys()) this.#known.delete(id)
    else for (const { day, key, bytes } of sent.values()) this.#count(day, key, bytes)
  }

  #total(day: number, key: string): bigint {
    const id = `${day} ${key}`
    const unwritten = (this.#fresh.get(id)?.bytes ?? 0n) + (this.#sent.get(id)?.bytes ?? 0n)
    const nowMs = this.#options.clock.monotonicMs()
    const known = this.#known.get(id)
    if (known !== undefined && nowMs - known.atMs < FETCH_TOTALS_TTL_MS)
      return known.bytes + unwritten
    const bytes = this.#options.totals.of(day, key)
    this.#known.set(id, { bytes, atMs: nowMs })
    return bytes + unwritten
  }

  #count(day: number, key: string, bytes: bigint): void {
    const id = `${day} ${key}`
    const isRoom = this.#fresh.size < (this.#options.keysMax ?? FETCH_KEYS_KEPT_MAX)
    const row = this.#fresh.get(id)
    if (row === undefined && !isRoom && key !== '') return this.#count(day, '', bytes)
    this.#fresh.set(id, { day, key, bytes: (row?.bytes ?? 0n) + bytes })
  }
}
