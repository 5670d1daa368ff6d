/**
 * The index of receipts, kept up with the log.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { idOfRead, receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { leafHash } from '@turnpike/core/merkle/hash'
import { TILE_WIDTH, fullTiles } from '@turnpike/core/merkle/tile'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { ReceiptIndex, ReceiptIndexStore } from '@turnpike/core/ports/receipt-index'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogReader, type EntryRun } from '../reader.ts'
import { readKept } from '../retention/kept.ts'
import { readTile } from '../right-edge.ts'
import { decodeState } from '../state.ts'

/** What it follows, and where it is kept. */
export interface FollowedReceiptsDeps {
  readonly log: LogStore
  readonly hasher: Hasher
  readonly index: ReceiptIndexStore
}

/**
 * An index that follows its log. One that is of another log, or that is damaged, is emptied and
 * made again.
 *
 * @example
 * const receipts = new FollowedReceipts({ log, hasher, index })
 * await receipts.catchUp()
 * const place = await receipts.find(receiptId)
 */
export class FollowedReceipts implements ReceiptIndex {
  readonly #deps: FollowedReceiptsDeps
  #isDamaged = false
  /** Whether the index is known to be of this log. */
  #isChecked = false
  /** Ends when the calls made so far have. */
  #last: Promise<void> = Promise.resolve()

  constructor(deps: FollowedReceiptsDeps) {
    this.#deps = deps
  }

  get through(): number {
    return this.#deps.index.through
  }

  /** @throws {ReceiptIndexDamaged} once: the next {@link catchUp} makes it again */
  async find(receiptId: Uint8Array): Promise<number | undefined> {
    try {
      return await this.#deps.index.find(receiptId)
    } catch (error) {
      if (error instanceof ReceiptIndexDamaged) this.#isDamaged = true
      throw error
    }
  }

  /**
   * Takes in what the log has and the index has not: about 300,000 entries a second. When `signal`
   * aborts, the rest is left to the next call. Calls may overlap; they run one after the other.
   *
   * @throws {LogCorrupt} when a file of the log is missing or altered
   * @throws {ReceiptIndexDamaged} once, when files of the index are not what was written
   */
  catchUp(signal?: AbortSignal): Promise<void> {
    const turn = this.#last.then(() => this.#catchUp(signal))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    const { log, hasher, index } = this.#deps
    const committed = await log.load()
    if (committed === undefined) return index.through === 0 ? undefined : index.clear()
    const reader = new LogReader(log, hasher, decodeState(hasher, committed.bytes))
    await this.#clearIfWrong(reader)
    const { size } = reader.state
    if (index.through === size) return
    const { from } = await readKept(log, hasher)
    try {
      for await (const run of reader.runs(Math.max(from, index.through), size)) {
        await index.add(this.#indexed(run), signal)
        if (signal?.aborted === true) return
      }
    } catch (error) {
      if (error instanceof ReceiptIndexDamaged) this.#isDamaged = true
      throw error
    }
  }

  /** Another log's index would lead nowhere, and hide the reads of this one. */
  async #clearIfWrong(reader: LogReader): Promise<void> {
    const { index } = this.#deps
    if (this.#isDamaged || (!this.#isChecked && !(await this.#isOf(reader)))) await index.clear()
    this.#isDamaged = false
    this.#isChecked = true
  }

  /** Whether the newest entry that the index has is the log's. */
  async #isOf({ state, store }: LogReader): Promise<boolean> {
    const { through, tip } = this.#deps.index
    if (tip === undefined) return true
    if (through > state.size) return false
    const leaf = through - 1
    const tile = Math.floor(leaf / TILE_WIDTH)
    const isFull = tile < fullTiles(state.size, 0)
    const hashes = isFull ? await readTile(store, 0, tile) : state.tiles[0]!
    const offset = (leaf % TILE_WIDTH) * HASH_BYTES
    return bytesEqual(hashes.subarray(offset, offset + tip.length), tip)
  }

  #indexed({ first, entries }: EntryRun): Parameters<ReceiptIndexStore['add']>[0] {
    const { hasher } = this.#deps
    const reads = entries.flatMap((bytes, i) => {
      // Entries were checked against their leaf hashes, so a head is what the sequencer took.
      const id = idOfRead(bytes)
      return id === undefined ? [] : [{ receiptId: receiptNonceOf(id, hasher), index: first + i }]
    })
    return { reads, end: first + entries.length, tip: leafHash(hasher, entries.at(-1)!) }
  }
}
