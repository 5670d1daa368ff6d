/**
 * Writes progress marks off the serving path, newest state only, one write at a time.
 * @module
 */
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { DiskFile } from './disk.ts'
import { markOffset, markRecord, SLOT_BYTES, slotRecord } from './marks.ts'
import type { Mark } from './marks.ts'

/** An open read that has at least one mark. */
export interface HeldMark {
  readonly slot: number
  readonly read: ReadEntry
  mark: Mark
  /** The table that knows the read itself already; another one gets the whole slot. */
  table: DiskFile | undefined
  /** Marks written there: the next one never overwrites the last. */
  turn: number
}

/**
 * Keeps the table of marks beside the journal file in use. `slots` reads at most have marks.
 *
 * All work is done one after another on one chain, so that an older mark never lands on a newer.
 */
export class MarkWriter {
  readonly #free: number[] = []
  readonly #held = new Set<HeldMark>()
  readonly #dirty = new Set<HeldMark>()
  /** Called when a mark could not be written. */
  onFailure: (error: unknown) => void = () => {}
  #table: DiskFile | undefined
  #chain: Promise<void> = Promise.resolve()
  #queued = false

  constructor(slots: number) {
    for (let slot = slots - 1; slot >= 0; slot--) this.#free.push(slot)
  }

  /**
   * Takes a slot for a read's first mark.
   *
   * @throws {RangeError} when more reads hold one than may
   */
  hold(read: ReadEntry, mark: Mark): HeldMark {
    const slot = this.#free.pop()
    if (slot === undefined) throw new RangeError('marks expected a free slot, got none')
    const held: HeldMark = { slot, read, mark, table: undefined, turn: 0 }
    this.#held.add(held)
    this.#touch(held)
    return held
  }

  /** A later mark of a read. */
  advance(held: HeldMark, bytes: number, ms: number): void {
    held.mark = { bytes, ms }
    this.#touch(held)
  }

  /** Gives a slot back. Only when the read's entry is durable: until then its mark is needed. */
  release(held: HeldMark): void {
    this.#held.delete(held)
    this.#dirty.delete(held)
    this.#free.push(held.slot)
  }

  /** Goes over to an empty table: resolves when it says all that the one before did. */
  moveTo(table: DiskFile): Promise<void> {
    const moved = this.#chain.then(async () => {
      for (const held of this.#held) await write(table, held)
      if (this.#held.size > 0) await table.sync()
      const before = this.#table
      this.#table = table
      await before?.close()
    })
    // Whoever moves is told of its failure; the chain itself goes on.
    this.#chain = moved.catch(() => {})
    return moved
  }

  /** Finishes what was begun and closes the table. */
  async close(): Promise<void> {
    await this.#chain
    await this.#table?.close()
    this.#table = undefined
  }

  #touch(held: HeldMark): void {
    this.#dirty.add(held)
    if (this.#queued) return
    this.#queued = true
    this.#chain = this.#chain
      .then(() => this.#flush())
      .catch((error: unknown) => this.onFailure(error))
  }

  async #flush(): Promise<void> {
    this.#queued = false
    const table = this.#table
    // Without a table yet, all that is held is written when there is one.
    if (table === undefined) return
    for (const held of this.#dirty) {
      this.#dirty.delete(held)
      await write(table, held)
    }
    await table.sync()
  }
}

async function write(table: DiskFile, held: HeldMark): Promise<void> {
  const { mark, read } = held
  const start = held.slot * SLOT_BYTES
  if (held.table !== table) {
    held.table = table
    held.turn = 0
    return table.write(slotRecord(read, mark), start)
  }
  held.turn++
  return table.write(markRecord(read.id, mark, held.turn), start + markOffset(held.turn))
}
