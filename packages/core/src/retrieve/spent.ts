/**
 * Invocations that were run, so that none is run again.
 * @module
 */
import type { BytesKey } from '../bytes.ts'
import { RETRIEVED_MAX, RETRIEVED_PER_SPACE_MAX } from '../limits/ucan.ts'

/** How many are remembered. */
export interface SpentRoom {
  readonly perSpaceMax: number
  readonly allMax: number
}

const ROOM: SpentRoom = { perSpaceMax: RETRIEVED_PER_SPACE_MAX, allMax: RETRIEVED_MAX }

/**
 * Remembers each invocation until it expires, and forgets none before: where there is no room, none
 * is let through. One space can't take the room of others.
 *
 * @example
 * new SpentInvocations().spend(space, task, expiresMs, nowMs) // 'fresh', then 'spent'
 */
export class SpentInvocations {
  readonly #room: SpentRoom
  /** By space: expiry, wall-clock ms, by CID. */
  readonly #spaces = new Map<string, Map<BytesKey, number>>()
  #count = 0

  constructor(room: SpentRoom = ROOM) {
    this.#room = room
  }

  /** Whether it was run, and has not been forgotten. */
  isSpent(space: string, task: BytesKey): boolean {
    return this.#spaces.get(space)?.has(task) === true
  }

  /** Whether this is the first time; `full` when that could not be remembered. */
  spend(
    space: string,
    task: BytesKey,
    expiresMs: number,
    nowMs: number,
  ): 'fresh' | 'spent' | 'full' {
    const { perSpaceMax, allMax } = this.#room
    if (this.isSpent(space, task)) return 'spent'
    if ((this.#spaces.get(space)?.size ?? 0) >= perSpaceMax) this.#forget(space, nowMs)
    if (this.#count >= allMax) for (const other of this.#spaces.keys()) this.#forget(other, nowMs)
    const spent = this.#spaces.get(space) ?? new Map<BytesKey, number>()
    if (this.#count >= allMax || spent.size >= perSpaceMax) return 'full'
    spent.set(task, expiresMs)
    this.#spaces.set(space, spent)
    this.#count++
    return 'fresh'
  }

  /** Forgets those of a space that have expired. */
  #forget(space: string, nowMs: number): void {
    const spent = this.#spaces.get(space)
    if (spent === undefined) return
    for (const [task, expiresMs] of spent)
      if (expiresMs <= nowMs && spent.delete(task)) this.#count--
    if (spent.size === 0) this.#spaces.delete(space)
  }
}
