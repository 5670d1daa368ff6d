/**
 * What the open epoch adds up to, kept now and then in a file, so that whoever starts inside a
 * long epoch counts its end only. Source: receipts, section 6.5, recovery.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { COUNTED_EVERY_ENTRIES } from '@turnpike/core/limits/log'
import { CborReader, InvalidCbor } from '@turnpike/core/log/cbor-reader'
import { CborWriter } from '@turnpike/core/log/cbor-writer'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import type { LogEntry } from '@turnpike/core/log/entry'
import { SALT_BYTES, decodeRows, encodeRows } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import type { LogFile } from '@turnpike/core/ports/log-store'
import type { Hasher, Random } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from './errors.ts'
import { rootAt } from './proofs.ts'
import type { LogReader } from './reader.ts'
import { checkedBody, withChecksum } from './retention/checksum.ts'
import type { OpenEpoch } from './state.ts'
import { SummaryCount } from './summary-count.ts'

/** Path of the sums of the open epoch as far as they were kept. */
export const COUNTED_PATH = 'counted'

const VERSION = 1
const ITEMS = 6
/** Heads and integers of the file, at their longest, and the root. */
const FIXED_BYTES = 128
/** Rows are kept with salts of zeros: they get theirs with the SEAL. */
const UNSALTED: Random = { bytes: (length) => new Uint8Array(length) }

/** Sums of an epoch's first entries. */
interface Counted {
  readonly open: Pick<OpenEpoch, 'epoch' | 'first'>
  /** Index after the last entry that is in them, and the log's root there. */
  readonly next: number
  readonly root: Uint8Array
  readonly rows: readonly SummaryRow[]
}

/**
 * Counts the open epoch. Nothing is counted until it has to be: for a SEAL, or once the epoch is
 * so long that counting it later would take seconds (400,000 entries a second on one core).
 *
 * @example
 * const count = new EpochCount()
 * await count.keep(reader)
 * const rows = await count.rows(reader, random)
 */
export class EpochCount {
  readonly #everyEntries: number
  #count: SummaryCount | undefined
  /** Index up to which the file has the sums; 0 when that isn't known. */
  #kept = 0

  constructor(everyEntries: number = COUNTED_EVERY_ENTRIES) {
    this.#everyEntries = everyEntries
  }

  /** Takes the next committed entry; `voided` is the one that a VOID names. */
  add(logged: LogEntry, voided: LogEntry | undefined): void {
    this.#count?.add(logged, voided)
  }

  /** Rows of the open epoch, over all that is committed, each with a fresh salt. */
  async rows(reader: LogReader, random: Random): Promise<SummaryRow[]> {
    return (await this.#current(reader)).rows(random)
  }

  /** Steps over the SEAL that was committed, and begins the epoch after it. */
  endEpoch(): void {
    this.#count?.endEpoch()
  }

  /** Keeps the sums when as many entries as that are not in the file: after a commit, always. */
  async keep(reader: LogReader): Promise<void> {
    const { open, size, root } = reader.state
    if (open === null || size - Math.max(open.first, this.#kept) < this.#everyEntries) return
    const rows = (await this.#current(reader)).rows(UNSALTED)
    await reader.store.put([countedFile(reader.hasher, { open, next: size, root, rows })])
    this.#kept = size
  }

  async #current(reader: LogReader): Promise<SummaryCount> {
    return (this.#count ??= await countOpen(reader))
  }
}

/** Counts the open epoch on from what was kept of it, if that is of this log. */
async function countOpen(reader: LogReader): Promise<SummaryCount> {
  const { first } = reader.state.open!
  const counted = await keptCount(reader)
  return counted === undefined
    ? SummaryCount.from(reader, first)
    : SummaryCount.resumed(reader, counted.rows, counted.next)
}

/** What was kept; undefined when it is of another epoch or log, or damaged: all can be counted. */
async function keptCount(reader: LogReader): Promise<Counted | undefined> {
  const { store, hasher, state } = reader
  const bytes = await store.get(COUNTED_PATH)
  const counted = bytes && readCounted(hasher, bytes)
  const { epoch, first } = state.open!
  if (counted?.open.epoch !== epoch || counted.open.first !== first) return undefined
  if (counted.next > state.size) return undefined
  const root = await rootAt({ store, hasher, state }, counted.next)
  return bytesEqual(root, counted.root) ? counted : undefined
}

/** A DAG-CBOR array `[1, epoch, first, next, root, rows]` and its SHA-256; rows as in `rows/`. */
function countedFile(hasher: Hasher, { open, next, root, rows }: Counted): LogFile {
  const encoded = encodeRows(rows)
  const writer = new CborWriter(new Uint8Array(FIXED_BYTES + encoded.length))
  writer.array(ITEMS)
  writer.uint(VERSION)
  writer.uint(open.epoch)
  writer.uint(open.first)
  writer.uint(next)
  writer.bytes(root)
  writer.bytes(encoded)
  return { path: COUNTED_PATH, bytes: withChecksum(hasher, writer.copy()) }
}

function readCounted(hasher: Hasher, bytes: Uint8Array): Counted | undefined {
  try {
    const reader = new CborReader(checkedBody(hasher, bytes, COUNTED_PATH))
    if (reader.array() !== ITEMS || reader.uint() !== VERSION) return undefined
    const open = { epoch: reader.uint(), first: reader.uint() }
    const next = reader.uint()
    const root = reader.byteString(HASH_BYTES)
    const { ok: rows } = decodeRows(reader.byteString())
    reader.end()
    const unsalted = rows?.every(({ salt }) => bytesEqual(salt, UNSALTED.bytes(SALT_BYTES)))
    return rows !== undefined && unsalted ? { open, next, root, rows } : undefined
  } catch (error) {
    if (error instanceof InvalidCbor || error instanceof LogCorrupt) return undefined
    throw error
  }
}
