/**
 * The committed state of a log: the one value that is swapped, and its bytes.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { LOG_JOURNALS_MAX, LOG_STATE_BYTES_MAX } from '@turnpike/core/limits/log'
import { CborReader, InvalidCbor } from '@turnpike/core/log/cbor-reader'
import { CborWriter } from '@turnpike/core/log/cbor-writer'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { emptyRoot } from '@turnpike/core/merkle/hash'
import { TILE_LEVELS_MAX } from '@turnpike/core/merkle/tile'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from './errors.ts'

const STATE_VERSION = 1
const STATE_ITEMS = 9

/** The epoch that entries go to. */
export interface OpenEpoch {
  readonly epoch: number
  /** Index of its first entry. */
  readonly first: number
  /** Root of the log at size `first`. */
  readonly firstRoot: Uint8Array
}

/** The last SEAL. */
export interface SealedEpoch {
  readonly epoch: number
  /** Index after the SEAL. */
  readonly end: number
}

/** What a log is after a commit. */
export interface LogState {
  /** Entries in it. */
  readonly size: number
  readonly root: Uint8Array
  /** The log's clock at the commit, in ms. */
  readonly clockMs: number
  /** Null from a SEAL to the next entry. */
  readonly open: OpenEpoch | null
  readonly sealed: SealedEpoch | null
  /** For each journal, how many of its entries are in the log. */
  readonly journals: ReadonlyMap<string, number>
  /** The partial entry bundle at the right edge, in bundle form. */
  readonly bundle: Uint8Array
  /** The partial hash tile of each level, lowest first, without empty ones at the end. */
  readonly tiles: readonly Uint8Array[]
}

/** The state of a log that has no entries. */
export function emptyState(hasher: Hasher): LogState {
  return {
    size: 0,
    root: emptyRoot(hasher),
    clockMs: 0,
    open: null,
    sealed: null,
    journals: new Map(),
    bundle: new Uint8Array(0),
    tiles: [],
  }
}

/**
 * State as bytes: a DAG-CBOR array and its SHA-256.
 *
 * @throws {RangeError} when it has more than 1,024 journals or passes 1 MiB
 * @example
 * await store.compareAndSwap(version, encodeState(hasher, state))
 */
export function encodeState(hasher: Hasher, state: LogState): Uint8Array {
  if (state.journals.size > LOG_JOURNALS_MAX)
    throw new RangeError(`log expected <= ${LOG_JOURNALS_MAX} journals, got ${state.journals.size}`)
  const writer = new CborWriter(new Uint8Array(LOG_STATE_BYTES_MAX))
  writer.array(STATE_ITEMS)
  writer.uint(STATE_VERSION)
  writer.uint(state.size)
  writer.bytes(state.root)
  writer.uint(state.clockMs)
  writer.array(state.open === null ? 0 : 3)
  if (state.open !== null) {
    writer.uint(state.open.epoch)
    writer.uint(state.open.first)
    writer.bytes(state.open.firstRoot)
  }
  writer.array(state.sealed === null ? 0 : 2)
  if (state.sealed !== null) {
    writer.uint(state.sealed.epoch)
    writer.uint(state.sealed.end)
  }
  writer.array(2 * state.journals.size)
  for (const [name, entries] of state.journals) {
    writer.text(name)
    writer.uint(entries)
  }
  writer.bytes(state.bundle)
  writer.array(state.tiles.length)
  for (const tile of state.tiles) writer.bytes(tile)
  const body = writer.copy()
  const bytes = new Uint8Array(body.length + HASH_BYTES)
  bytes.set(body)
  bytes.set(hasher.sha256(body), body.length)
  return bytes
}

/**
 * State of bytes that {@link encodeState} made.
 *
 * @throws {LogCorrupt} when they are anything else
 */
export function decodeState(hasher: Hasher, bytes: Uint8Array): LogState {
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES))
  if (!bytesEqual(hasher.sha256(body), bytes.subarray(body.length)))
    throw new LogCorrupt('state', 'checksum', 'expected the SHA-256 of what stands before it')
  try {
    return readState(new CborReader(body))
  } catch (error) {
    if (!(error instanceof InvalidCbor)) throw error
    throw new LogCorrupt('state', 'fields', error.message)
  }
}

function readState(reader: CborReader): LogState {
  const items = reader.array()
  const version = reader.uint()
  if (items !== STATE_ITEMS || version !== STATE_VERSION)
    throw new InvalidCbor(
      0,
      `expected version ${STATE_VERSION}, got ${version}: use a newer program`,
    )
  // Object literals evaluate in the order they are written, which is the order of the items.
  const state = {
    size: reader.uint(),
    root: reader.byteString(HASH_BYTES),
    clockMs: reader.uint(),
    open: count(reader, 3) === 0 ? null : readOpen(reader),
    sealed: count(reader, 2) === 0 ? null : { epoch: reader.uint(), end: reader.uint() },
    journals: readJournals(reader),
    bundle: reader.byteString(),
    tiles: readTiles(reader),
  }
  reader.end()
  return state
}

function readOpen(reader: CborReader): OpenEpoch {
  return { epoch: reader.uint(), first: reader.uint(), firstRoot: reader.byteString(HASH_BYTES) }
}

function readJournals(reader: CborReader): ReadonlyMap<string, number> {
  const journals = new Map<string, number>()
  const items = reader.array()
  if (items % 2 !== 0 || items > 2 * LOG_JOURNALS_MAX)
    throw new InvalidCbor(reader.offset, `expected pairs of at most 1,024 journals, got ${items}`)
  for (let i = 0; i < items; i += 2) journals.set(reader.text(), reader.uint())
  return journals
}

function readTiles(reader: CborReader): readonly Uint8Array[] {
  const levels = reader.array()
  if (levels > TILE_LEVELS_MAX)
    throw new InvalidCbor(reader.offset, `expected <= ${TILE_LEVELS_MAX} levels, got ${levels}`)
  return Array.from({ length: levels }, () => reader.byteString())
}

function count(reader: CborReader, full: number): number {
  const items = reader.array()
  if (items !== 0 && items !== full)
    throw new InvalidCbor(reader.offset, `expected 0 or ${full} items, got ${items}`)
  return items
}
