/**
 * What one read drew from remote providers: the figures of its FETCH entries.
 * @module
 */

/** Figures for one provider. */
export interface FetchCount {
  /** Verified bytes. */
  bytes: bigint
  requests: number
  failed: number
}

/** For whom something is fetched. */
export interface FetchFor {
  /** Its blocks are fetched. */
  readonly space: string
  /** The read that opens the fetch. */
  readonly tally: FetchTally
}

/** Hears of figures that came after the read had ended. */
export type OnLateFetch = (provider: string, count: FetchCount) => void

/**
 * Sums fetches by provider. A fetch may outlive the read that opened it, because others share it;
 * what comes after `close` goes to the late callback, so that it is recorded once all the same.
 */
export class FetchTally {
  readonly #counts = new Map<string, FetchCount>()
  #openRuns = 0
  #late: OnLateFetch | undefined

  begin(provider: string): void {
    this.#openRuns++
    if (provider !== '') this.#countOf(provider).requests++
  }

  verified(provider: string, bytes: number): void {
    if (provider !== '') this.#countOf(provider).bytes += BigInt(bytes)
  }

  failed(provider: string): void {
    if (provider !== '') this.#countOf(provider).failed++
  }

  /** A range read that `begin` announced is over. */
  end(): void {
    this.#openRuns--
    if (this.#openRuns === 0 && this.#late !== undefined) this.#flush(this.#late)
  }

  /** Takes the figures so far; those still to come go to `late`, once. */
  close(late: OnLateFetch): readonly (readonly [provider: string, count: FetchCount])[] {
    const counts = [...this.#counts]
    this.#counts.clear()
    this.#late = late
    return counts
  }

  #flush(late: OnLateFetch): void {
    for (const [provider, count] of this.#counts) late(provider, count)
    this.#counts.clear()
  }

  #countOf(provider: string): FetchCount {
    let count = this.#counts.get(provider)
    if (count === undefined) {
      count = { bytes: 0n, requests: 0, failed: 0 }
      this.#counts.set(provider, count)
    }
    return count
  }
}
