/**
 * The file that says from where a log keeps its entries.
 * @module
 */
import { CborReader, InvalidCbor } from '@turnpike/core/log/cbor-reader'
import { CborWriter } from '@turnpike/core/log/cbor-writer'
import type { LogFile, LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'
import { checkedBody, withChecksum } from './checksum.ts'

/** Path of the file inside the log. There is none while all entries are kept. */
export const KEPT_PATH = 'kept'

const VERSION = 1
const ITEMS = 4
const BYTES_MAX = 64

/** What of a log's entries is there. */
export interface Kept {
  /**
   * First index from which all entries are kept: the first of an epoch. Those of epochs before may
   * be gone, and what they add up to is in files of its own.
   */
  readonly from: number
  /** Bundles before this one may be gone: those that were to go. */
  readonly droppingBundles: number
  /** Bundles before this one that were to go have gone. */
  readonly droppedBundles: number
}

/** A log that keeps all its entries. */
export const ALL_KEPT: Kept = { from: 0, droppingBundles: 0, droppedBundles: 0 }

/**
 * What a log keeps.
 *
 * @throws {LogCorrupt} when the file is not what was written
 * @example
 * const { from } = await readKept(store, hasher)
 */
export async function readKept(store: LogStore, hasher: Hasher): Promise<Kept> {
  const bytes = await store.get(KEPT_PATH)
  if (bytes === undefined) return ALL_KEPT
  const reader = new CborReader(checkedBody(hasher, bytes, KEPT_PATH))
  try {
    const items = reader.array()
    const version = reader.uint()
    if (items !== ITEMS || version !== VERSION)
      throw new InvalidCbor(0, `expected version ${VERSION}, got ${version}: use a newer program`)
    // Object literals evaluate in the order they are written, which is the order of the items.
    const kept = {
      from: reader.uint(),
      droppingBundles: reader.uint(),
      droppedBundles: reader.uint(),
    }
    reader.end()
    return kept
  } catch (error) {
    if (!(error instanceof InvalidCbor)) throw error
    throw new LogCorrupt(KEPT_PATH, 'fields', error.message)
  }
}

/** The file for {@link readKept}. */
export function keptFile(hasher: Hasher, kept: Kept): LogFile {
  const writer = new CborWriter(new Uint8Array(BYTES_MAX))
  writer.array(ITEMS)
  writer.uint(VERSION)
  writer.uint(kept.from)
  writer.uint(kept.droppingBundles)
  writer.uint(kept.droppedBundles)
  return { path: KEPT_PATH, bytes: withChecksum(hasher, writer.copy()) }
}
