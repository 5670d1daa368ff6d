/**
 * The newest records of the index of receipts, in memory until there are enough for a run.
 * @module
 */
import { keyOf, type BytesKey } from '../bytes.ts'
import { RECEIPT_TAIL_RECORDS_MAX } from '../limits/receipt-index.ts'
import { RECORD_BYTES, RECORD_KEY_BYTES, writeRecord } from './page.ts'

/** Bytes of a key that one number holds. */
const HIGH_BYTES = 6
const U16 = 0x1_0000

/**
 * Records in the order in which they came.
 *
 * @example
 * const tail = new RecordTail()
 * tail.add(receiptId, 1042)
 */
export class RecordTail {
  readonly #records = new Uint8Array(RECEIPT_TAIL_RECORDS_MAX * RECORD_BYTES)
  readonly #indexes = new Map<BytesKey, number>()
  #count = 0

  /** Records in it; `RECEIPT_TAIL_RECORDS_MAX` at most. */
  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === RECEIPT_TAIL_RECORDS_MAX
  }

  /** @throws {RangeError} when it is full */
  add(receiptId: Uint8Array, index: number): void {
    if (this.isFull) throw new RangeError(`tail expected <= ${RECEIPT_TAIL_RECORDS_MAX} records`)
    writeRecord(this.#records, this.#count * RECORD_BYTES, receiptId, index)
    this.#count++
    const key = keyAt(receiptId)
    if (!this.#indexes.has(key)) this.#indexes.set(key, index)
  }

  find(receiptId: Uint8Array): number | undefined {
    return this.#indexes.get(keyAt(receiptId))
  }

  /** All records by receipt id; those of one id in the order in which they came. */
  sorted(): Uint8Array {
    const view = new DataView(this.#records.buffer)
    const high = new Float64Array(this.#count)
    for (let i = 0; i < this.#count; i++) high[i] = highAt(view, i * RECORD_BYTES)
    const low = (i: number): number => view.getUint32(i * RECORD_BYTES + HIGH_BYTES)
    const order = Uint32Array.from(high.keys())
    order.sort((a, b) => high[a]! - high[b]! || low(a) - low(b) || a - b)
    const sorted = new Uint8Array(this.#count * RECORD_BYTES)
    for (const [place, i] of order.entries())
      sorted.set(
        this.#records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES),
        place * RECORD_BYTES,
      )
    return sorted
  }

  clear(): void {
    this.#count = 0
    this.#indexes.clear()
  }
}

function keyAt(receiptId: Uint8Array): BytesKey {
  return keyOf(receiptId.subarray(0, RECORD_KEY_BYTES))
}

/** The first 6 bytes of a record as a number: with the next 4, its whole key. */
function highAt(view: DataView, offset: number): number {
  return view.getUint32(offset) * U16 + view.getUint16(offset + 4)
}
