/**
 * Writes progress marks where they outlive the process at once, and makes them durable behind it.
 *
 * The write itself is not put off: what a reader gets while a mark waits for its turn would be
 * missing after a kill (measured under load: 1 MiB). It goes to pages that are there, a
 * few µs every 8 MiB.
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
  /** Marks written to each table that knows the read: the next one never overwrites the last. */
  readonly turns: Map<DiskFile, number>
}

/** Keeps the table of marks beside the journal file in use. `slots` reads at most have marks. */
export class MarkWriter {
  readonly #free: number[] = []
  readonly #held = new Set<HeldMark>()
  /** Called when a mark could not be written. */
  onFailure: (error: unknown) => void = () => {}
  /** The table in use, and during a move the one after it. */
  #tables: readonly DiskFile[] = []
  /** Syncs and closes, one after another. */
  #chain: Promise<void> = Promise.resolve()
  #syncDue = false

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
    const held: HeldMark = { slot, read, mark, turns: new Map() }
    this.#held.add(held)
    this.#write(held)
    return held
  }

  /** A later mark of a read. */
  advance(held: HeldMark, bytes: number, ms: number): void {
    held.mark = { bytes, ms }
    this.#write(held)
  }

  /** Gives a slot back. Only when the read's entry is durable: until then its mark is needed. */
  release(held: HeldMark): void {
    this.#held.delete(held)
    this.#free.push(held.slot)
  }

  /**
   * Writes to an empty table, too, from now on: resolves when it says all that the one before
   * does. Without a table before, all that is held is written now.
   */
  async moveTo(table: DiskFile): Promise<void> {
    this.#tables = [...this.#tables, table]
    for (const held of this.#held) write(table, held)
    if (this.#held.size > 0) await table.sync()
  }

  /** The table moved to has its name: leaves the one before. */
  moved(): Promise<void> {
    const [before, table] = this.#tables
    if (table === undefined) return Promise.resolve()
    this.#tables = [table]
    for (const { turns } of this.#held) turns.delete(before!)
    const closed = this.#chain.then(() => before!.close())
    this.#chain = closed.catch(() => {})
    return closed
  }

  /** Finishes what was begun and closes the table. */
  async close(): Promise<void> {
    await this.#chain
    const tables = this.#tables
    this.#tables = []
    for (const table of tables) await table.close()
  }

  #write(held: HeldMark): void {
    try {
      for (const table of this.#tables) write(table, held)
    } catch (error) {
      // Whoever reports progress must not be interrupted by the end of everything.
      queueMicrotask(() => this.onFailure(error))
      return
    }
    if (this.#syncDue) return
    this.#syncDue = true
    this.#chain = this.#chain
      .then(() => this.#sync())
      .catch((error: unknown) => this.onFailure(error))
  }

  async #sync(): Promise<void> {
    this.#syncDue = false
    for (const table of this.#tables) await table.sync()
  }
}

function write(table: DiskFile, { slot, mark, read, turns }: HeldMark): void {
  const start = slot * SLOT_BYTES
  const turn = (turns.get(table) ?? -1) + 1
  turns.set(table, turn)
  if (turn === 0) table.writeNow(slotRecord(read, mark), start)
  else table.writeNow(markRecord(read.id, mark, turn), start + markOffset(turn))
}
