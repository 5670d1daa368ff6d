/**
 * The `ReceiptIndexStore` port on files (docs/reference/receipt-index.md).
 * @module
 */
import {
  RECEIPT_TAIL_ENTRIES_MAX,
  RECEIPT_TAIL_RECORDS_MAX,
} from '@turnpike/core/limits/receipt-index'
import type { IndexedEntries, ReceiptIndexStore } from '@turnpike/core/ports/receipt-index'
import { PAGE_RECORDS, RECORD_BYTES } from '@turnpike/core/receipt-index/page'
import { RecordTail } from '@turnpike/core/receipt-index/tail'
import { Runs } from './runs.ts'

/** Bytes of a leaf hash that the name of a run has. */
const TIP_BYTES = 8

/**
 * Sorted runs in a folder, and the newest records in memory. What is in memory is not written
 * before it is a run's worth: after a restart it is read anew from the log.
 *
 * @example
 * const index = await FileReceiptIndex.open('/data/receipt-index')
 * const place = index.find(receiptId)
 */
export class FileReceiptIndex implements ReceiptIndexStore {
  readonly #runs: Runs
  readonly #tail = new RecordTail()
  /** What memory covers, behind the last run. */
  #first: number
  #end: number
  #tip: Uint8Array | undefined

  private constructor(runs: Runs) {
    this.#runs = runs
    const { last } = runs
    this.#first = this.#end = last?.end ?? 0
    this.#tip = last && new Uint8Array(Buffer.from(last.tip, 'hex'))
  }

  /** Opens the index in `directory`, which is made when it isn't there. One at a time may. */
  static async open(directory: string): Promise<FileReceiptIndex> {
    return new FileReceiptIndex(await Runs.open(directory))
  }

  get through(): number {
    return this.#end
  }

  get tip(): Uint8Array | undefined {
    return this.#tip
  }

  /** Files that a search may look into. */
  get runs(): number {
    return this.#runs.count
  }

  find(receiptId: Uint8Array): number | undefined {
    return this.#tail.find(receiptId) ?? this.#runs.find(receiptId)
  }

  async add({ reads, end, tip }: IndexedEntries, signal?: AbortSignal): Promise<void> {
    const isFull = this.#tail.count + reads.length > RECEIPT_TAIL_RECORDS_MAX
    // Before anything is added: a run holds no record of an entry after its end.
    if (isFull || this.#end - this.#first >= RECEIPT_TAIL_ENTRIES_MAX) await this.#writeTail(signal)
    for (const { receiptId, index } of reads) this.#tail.add(receiptId, index)
    this.#end = end
    this.#tip = tip.slice(0, TIP_BYTES)
  }

  async clear(): Promise<void> {
    await this.#runs.clear()
    this.#tail.clear()
    this.#first = this.#end = 0
    this.#tip = undefined
  }

  close(): void {
    this.#runs.close()
  }

  /** Makes a run of what is in memory, if anything is. */
  async #writeTail(signal: AbortSignal | undefined): Promise<void> {
    if (this.#first === this.#end) return
    const range = {
      first: this.#first,
      end: this.#end,
      records: this.#tail.count,
      tip: Buffer.from(this.#tip!).toString('hex'),
    }
    await this.#runs.append(range, pagesOf(this.#tail.sorted()))
    this.#tail.clear()
    this.#first = this.#end
    await this.#runs.merge(signal)
  }
}

function* pagesOf(sorted: Uint8Array): Generator<Uint8Array> {
  const bytes = PAGE_RECORDS * RECORD_BYTES
  for (let at = 0; at < sorted.length; at += bytes) yield sorted.subarray(at, at + bytes)
}
