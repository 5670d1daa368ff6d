/**
 * A run: one file of the index of receipts, sorted, never changed.
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  RECEIPT_MERGE_READ_PAGES,
  RECEIPT_MERGE_WRITE_PAGES,
} from '@turnpike/core/limits/receipt-index'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import { openPage, PAGE_BYTES, sealPage, searchPages } from '@turnpike/core/receipt-index/page'
import { publishFile, tempPath } from '../durable.ts'
import { pagesOf, runBytes, runName, runSeed, type RunRange } from './run-name.ts'

/** A run, open. Reads are synchronous: a page from the cache takes microseconds. */
export class Run {
  readonly range: RunRange
  readonly #name: string
  readonly #seed: number
  readonly #pages: number
  readonly #file: number
  readonly #page = new Uint8Array(PAGE_BYTES)

  /**
   * Opens the run in `directory`.
   *
   * @throws {ReceiptIndexDamaged} when its file has another length
   */
  constructor(directory: string, range: RunRange) {
    this.range = range
    this.#name = runName(range)
    this.#seed = runSeed(range)
    this.#pages = pagesOf(range)
    this.#file = openSync(join(directory, this.#name), 'r')
    const { size } = fstatSync(this.#file)
    if (size === runBytes(range)) return
    this.close()
    throw this.#damaged(`expected ${runBytes(range)} bytes, got ${size}`)
  }

  /**
   * Index of the READ of a receipt id.
   *
   * @throws {ReceiptIndexDamaged} when a page is not what was written
   */
  find(receiptId: Uint8Array): number | undefined {
    return searchPages(receiptId, this.#pages, (number) => {
      const bytes = readSync(this.#file, this.#page, 0, PAGE_BYTES, number * PAGE_BYTES)
      return this.#recordsIn(this.#page.subarray(0, bytes), number)
    })
  }

  /**
   * Its records in order, a page at a time, as views that hold until the next is asked for.
   *
   * @throws {ReceiptIndexDamaged} when a page is not what was written
   */
  *pages(): Generator<Uint8Array> {
    const buffer = new Uint8Array(RECEIPT_MERGE_READ_PAGES * PAGE_BYTES)
    for (let first = 0; first < this.#pages; first += RECEIPT_MERGE_READ_PAGES) {
      const bytes = readSync(this.#file, buffer, 0, buffer.length, first * PAGE_BYTES)
      for (let at = 0; at < RECEIPT_MERGE_READ_PAGES && first + at < this.#pages; at++) {
        const end = Math.min(bytes, (at + 1) * PAGE_BYTES)
        yield this.#recordsIn(buffer.subarray(Math.min(at * PAGE_BYTES, end), end), first + at)
      }
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #recordsIn(page: Uint8Array, number: number): Uint8Array {
    const records = openPage(page, { number, seed: this.#seed }, crc32)
    if (records === undefined) throw this.#damaged(`page ${number} is not what was written`)
    return records
  }

  #damaged(message: string): ReceiptIndexDamaged {
    return new ReceiptIndexDamaged(this.#name, message)
  }
}

/**
 * Writes a run, durably: a crash leaves it whole or a temp.
 *
 * @param pages its records in order, in pages that are full but for the last
 * @throws {RangeError} when they are not as many as `range` says
 * @throws the signal's reason, when it aborts
 * @example
 * await writeRun('/data/receipt-index', range, mergeRecords(runs))
 */
export async function writeRun(
  directory: string,
  range: RunRange,
  pages: Iterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const temp = tempPath(directory)
  try {
    await writePages(temp, range, pages, signal)
    await publishFile(temp, join(directory, runName(range)))
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

async function writePages(
  path: string,
  range: RunRange,
  pages: Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(path, 'wx', 0o644)
  try {
    const buffer = new Uint8Array(RECEIPT_MERGE_WRITE_PAGES * PAGE_BYTES)
    const seed = runSeed(range)
    let number = 0
    let filled = 0
    for (const records of pages) {
      sealPage(
        buffer.subarray(filled, filled + PAGE_BYTES),
        records,
        { number: number++, seed },
        crc32,
      )
      filled += PAGE_BYTES
      if (filled < buffer.length) continue
      await file.writeFile(buffer)
      signal?.throwIfAborted()
      filled = 0
    }
    await file.writeFile(buffer.subarray(0, filled))
    if (number !== pagesOf(range))
      throw new RangeError(`"pages" expected ${pagesOf(range)}, got ${number}`)
    await file.sync()
  } finally {
    await file.close()
  }
}
