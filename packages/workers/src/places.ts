/**
 * Bounds of one isolate that requests share, and that outlive requests which were killed.
 * @module
 */

/** A share of a bound. `free` may be called more than once. */
export interface Place {
  /** Says that its holder lives. */
  touch(): void
  free(): void
}

/** What a bound is made of. */
export interface PlacesOptions {
  /** Sum of the weights of all places. */
  readonly weightMax: number
  /** Time without `touch` after which a place is given to another. */
  readonly deadMs: number
  readonly monotonicMs: () => number
}

/**
 * Hands out places within a bound. A killed request frees nothing and tells nobody, so its place is
 * taken back when it was not touched for long.
 *
 * @example
 * const bodies = new Places({ weightMax: 24, deadMs: 60_000, monotonicMs })
 * const place = bodies.take(1)
 */
export class Places {
  readonly #options: PlacesOptions
  readonly #held = new Map<Place, { readonly weight: number; touchedMs: number }>()
  #weight = 0

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  /** A place, or undefined when there is none now. */
  take(weight: number): Place | undefined {
    const { weightMax, monotonicMs } = this.#options
    if (this.#weight + weight > weightMax) this.#reclaim()
    if (this.#weight + weight > weightMax) return undefined
    const place: Place = {
      touch: () => {
        const held = this.#held.get(place)
        if (held !== undefined) held.touchedMs = monotonicMs()
      },
      free: () => this.#free(place),
    }
    this.#held.set(place, { weight, touchedMs: monotonicMs() })
    this.#weight += weight
    return place
  }

  #free(place: Place): void {
    this.#weight -= this.#held.get(place)?.weight ?? 0
    this.#held.delete(place)
  }

  #reclaim(): void {
    const deadline = this.#options.monotonicMs() - this.#options.deadMs
    for (const [place, { touchedMs }] of this.#held) if (touchedMs <= deadline) this.#free(place)
  }
}
