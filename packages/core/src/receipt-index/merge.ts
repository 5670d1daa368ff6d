/**
 * Merges sorted records of the index of receipts.
 * @module
 */
import { PAGE_RECORDS, RECORD_BYTES } from './page.ts'

const HIGH_BYTES = 6
const U16 = 0x1_0000

/**
 * Records of all `runs` in order, in pages that are full but for the last. Each is a view that
 * holds until the next is asked for. Of records with one key, those of an earlier run come first.
 *
 * @param runs for each, its records in order, some at a time
 * @example
 * for (const records of mergeRecords(runs.map((run) => run.pages()))) write(records)
 */
export function* mergeRecords(runs: readonly Iterable<Uint8Array>[]): Generator<Uint8Array> {
  const heads = runs.map((run) => new Head(run[Symbol.iterator]())).filter((head) => head.next())
  const page = new Uint8Array(PAGE_RECORDS * RECORD_BYTES)
  let filled = 0
  while (heads.length > 0) {
    let least = 0
    for (let i = 1; i < heads.length; i++) if (heads[i]!.isBefore(heads[least]!)) least = i
    const head = heads[least]!
    head.copyTo(page, filled)
    filled += RECORD_BYTES
    if (!head.next()) heads.splice(least, 1)
    if (filled < page.length) continue
    yield page
    filled = 0
  }
  if (filled > 0) yield page.subarray(0, filled)
}

/** Where a merge is in one run. */
class Head {
  readonly #run: Iterator<Uint8Array>
  #records: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#records.buffer)
  #offset = -RECORD_BYTES
  /** The key: its first 6 bytes, and the 4 after them. */
  #high = 0
  #low = 0

  constructor(run: Iterator<Uint8Array>) {
    this.#run = run
  }

  /** Moves to the next record; false when there is none. */
  next(): boolean {
    this.#offset += RECORD_BYTES
    while (this.#offset >= this.#records.length) {
      const { done, value } = this.#run.next()
      if (done === true) return false
      this.#records = value
      this.#view = new DataView(value.buffer, value.byteOffset, value.length)
      this.#offset = 0
    }
    const view = this.#view
    const offset = this.#offset
    this.#high = view.getUint32(offset) * U16 + view.getUint16(offset + 4)
    this.#low = view.getUint32(offset + HIGH_BYTES)
    return true
  }

  isBefore(other: Head): boolean {
    return this.#high < other.#high || (this.#high === other.#high && this.#low < other.#low)
  }

  copyTo(target: Uint8Array, offset: number): void {
    const records = this.#records
    for (let i = 0; i < RECORD_BYTES; i++) target[offset + i] = records[this.#offset + i]!
  }
}
