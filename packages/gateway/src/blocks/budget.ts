/**
 * One budget of bytes that all reads ahead of their clients draw on.
 * @module
 */

/**
 * A counter of bytes with a bound. Blocks that a client waits for are not drawn from it, so that a
 * spent budget slows reads down to one block at a time and never stops one.
 */
export class ReadBudget {
  readonly bytesMax: number
  #freeBytes: number

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
    this.#freeBytes = bytesMax
  }

  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Takes `bytes` if they are there and `leftBytes` stay for others. */
  reserve(bytes: number, leftBytes = 0): boolean {
    if (bytes > this.#freeBytes - leftBytes) return false
    this.#freeBytes -= bytes
    return true
  }

  release(bytes: number): void {
    this.#freeBytes += bytes
  }
}
