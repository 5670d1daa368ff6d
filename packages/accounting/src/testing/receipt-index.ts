/**
 * An index of receipts in memory, for tests.
 * @module
 */
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import type { IndexedEntries, ReceiptIndexStore } from '@turnpike/core/ports/receipt-index'

/** Keeps everything; `damaged` makes it fail as files that were changed do. */
export class MemoryReceiptIndex implements ReceiptIndexStore {
  through: number = 0
  tip: Uint8Array | undefined
  damaged: boolean = false
  readonly #indexes = new Map<BytesKey, number>()

  find(receiptId: Uint8Array): number | undefined {
    if (this.damaged) throw new ReceiptIndexDamaged('x.run', 'page 0 is not what was written')
    return this.#indexes.get(keyOf(receiptId))
  }

  async add({ reads, end, tip }: IndexedEntries): Promise<void> {
    if (this.damaged) throw new ReceiptIndexDamaged('x.run', 'page 0 is not what was written')
    for (const { receiptId, index } of reads) this.#indexes.set(keyOf(receiptId), index)
    this.through = end
    this.tip = tip.slice(0, 8)
  }

  async clear(): Promise<void> {
    this.#indexes.clear()
    this.through = 0
    this.tip = undefined
    this.damaged = false
  }
}
