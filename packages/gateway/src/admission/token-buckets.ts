/**
 * So many a minute, and so many at once: for each of many, in bounded memory and whole numbers.
 * @module
 */
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Rate, RateLimiter } from './rate.ts'

const MINUTE_MS = 60_000
/** Times count from a moment that is moved on this often, so that no product leaves 2^53. */
const REBASED_MS: number = 2 ** 30

/** What buckets are made of. */
export interface TokenBucketsOptions extends Rate {
  readonly clock: Clock
  /** Buckets that are remembered, of those that are not full. */
  readonly keysMax: number
}

/** A bucket that was drawn from. */
interface Bucket {
  key: string
  /** When it will be full again, in units since the base. */
  fullAt: number
}

/**
 * A token bucket for each key. One token costs 60,000 units, and a bucket gains as many units a
 * millisecond as it gains tokens a minute: whole numbers, so that nothing drifts. Kept is when it
 * will be full again (the "virtual scheduling" form of the generic cell rate algorithm, ITU-T
 * I.371), in a heap with the fullest on top.
 *
 * A full bucket needs no memory. Where there is no room for one more, whoever is new takes the
 * place of the fullest, and its level: so what is forgotten never comes back fuller than it was,
 * however many addresses somebody cycles through ("space saving", Metwally, Agrawal, El Abbadi
 * 2005). What it costs: beside `keysMax` buckets in use, somebody new may find less than it has.
 */
export class TokenBuckets implements RateLimiter {
  readonly #clock: Clock
  readonly #keysMax: number
  /** Units that come in a millisecond. */
  readonly #perMs: number
  readonly #depth: number
  readonly #byKey = new Map<string, number>()
  readonly #heap: Bucket[] = []
  #baseMs: number

  constructor({ clock, tokensPerMinute, burstTokens, keysMax }: TokenBucketsOptions) {
    this.#clock = clock
    this.#keysMax = keysMax
    this.#perMs = tokensPerMinute
    this.#depth = burstTokens * MINUTE_MS
    this.#baseMs = Math.floor(clock.monotonicMs())
  }

  /** Buckets in memory. */
  get size(): number {
    return this.#heap.length
  }

  take(key: string): number {
    // A token may have come in between: then it is there at once, but was not taken.
    return this.draw(key, 1) === 1 ? 0 : Math.max(1, this.waitMs(key))
  }

  /**
   * Takes up to `wanted` tokens from the bucket of `key`: as many as there are.
   *
   * @example
   * const granted = buckets.draw('192.0.2.1', 8)
   */
  draw(key: string, wanted: number): number {
    const now = this.#now()
    const known = this.#byKey.get(key)
    const at = known ?? this.#placeOfNew(now)
    const fullAt = Math.max(now, this.#heap[at]?.fullAt ?? now)
    const free = Math.floor((this.#depth - (fullAt - now)) / MINUTE_MS)
    const granted = Math.min(wanted, free)
    if (granted <= 0) return 0
    if (known === undefined) this.#settle(at, key)
    this.#heap[at]!.fullAt = fullAt + granted * MINUTE_MS
    this.#sink(at)
    return granted
  }

  /** Whole milliseconds until the bucket of `key` has a token; 0 when it has one. */
  waitMs(key: string): number {
    const now = this.#now()
    const at = this.#byKey.get(key) ?? this.#placeOfNew(now)
    const lacking = (this.#heap[at]?.fullAt ?? now) - now
    return Math.ceil(Math.max(0, lacking + MINUTE_MS - this.#depth) / this.#perMs)
  }

  /** Where a new bucket goes: behind the last, or where a full one, or else the fullest, is. */
  #placeOfNew(now: number): number {
    const top = this.#heap[0]
    if (top !== undefined && (top.fullAt <= now || this.#heap.length >= this.#keysMax)) return 0
    return this.#heap.length
  }

  #settle(at: number, key: string): void {
    const left = this.#heap[at]
    if (left === undefined) this.#heap.push({ key, fullAt: 0 })
    else {
      this.#byKey.delete(left.key)
      left.key = key
    }
    this.#byKey.set(key, at)
  }

  /** Puts a bucket in its place whose time is later than it was, or that is new at the end. */
  #sink(start: number): void {
    const heap = this.#heap
    const bucket = heap[start]!
    let at = start
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.fullAt < heap[child]!.fullAt) child += 1
      if (heap[child]!.fullAt >= bucket.fullAt) break
      this.#place(heap[child]!, at)
      at = child
    }
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.fullAt > bucket.fullAt;) {
      this.#place(heap[parent]!, at)
      at = parent
      parent = (at - 1) >> 1
    }
    if (at !== start) this.#place(bucket, at)
  }

  #place(bucket: Bucket, at: number): void {
    this.#heap[at] = bucket
    this.#byKey.set(bucket.key, at)
  }

  /** Units since the base, on whole milliseconds. */
  #now(): number {
    const nowMs = Math.floor(this.#clock.monotonicMs())
    if (nowMs - this.#baseMs > REBASED_MS) {
      const passed = (nowMs - this.#baseMs) * this.#perMs
      for (const bucket of this.#heap) bucket.fullAt = Math.max(0, bucket.fullAt - passed)
      this.#baseMs = nowMs
    }
    return (nowMs - this.#baseMs) * this.#perMs
  }
}
