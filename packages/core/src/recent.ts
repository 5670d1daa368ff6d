/**
 * A bounded map that forgets what was not asked for lately.
 * @module
 */

/**
 * Keeps at most `entriesMax` entries. Two generations, since a Map that drops its oldest entry one
 * by one gets slow: it skips over the holes.
 *
 * @example
 * const kept = new Recent<string, number>(1000)
 */
export class Recent<K, V extends NonNullable<unknown>> {
  readonly #generationMax: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  constructor(entriesMax: number) {
    this.#generationMax = entriesMax / 2
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    return old === undefined ? undefined : this.keep(key, old)
  }

  /** Keeps a value, and returns it. */
  keep(key: K, value: V): V {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
