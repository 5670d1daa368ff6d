/**
 * Log entries as docs/reference/log-entries.md has them.
 * @module
 */
import { BadCbor, Items } from './cbor.ts'

/** Bytes of an entry at most. */
export const ENTRY_BYTES_MAX = 1024

/** What a READ says that sums are made of. */
export interface Read {
  readonly kind: 'read'
  readonly id: Uint8Array
  readonly space: string
  readonly provider: string
  readonly region: string
  readonly cid: Uint8Array | null
  readonly status: number
  readonly bytes: bigint
  readonly flags: number
  readonly deny: number
  readonly count: number
}

/** What a FETCH says of a remote provider. */
export interface Fetch {
  readonly kind: 'fetch'
  readonly id: Uint8Array
  readonly provider: string
  readonly bytes: bigint
  readonly requests: number
  readonly failed: number
}

/** Who an execution was for. */
export interface Exec {
  readonly kind: 'exec'
  readonly space: string
  readonly provider: string
  readonly region: string
}

/** The end of an epoch. */
export interface Seal {
  readonly kind: 'seal'
  readonly epoch: number
  readonly previousEpoch: number | null
  readonly first: number
  readonly end: number
  readonly summaryRoot: Uint8Array
  readonly previousRoot: Uint8Array
  readonly sealed: number
}

/** What no longer counts. */
export interface Void {
  readonly kind: 'void'
  readonly index: number
  readonly leaf: Uint8Array
}

/** What a reader signed; it adds nothing. */
export interface Ack {
  readonly kind: 'ack'
  /** Of the READ. */
  readonly index: number
  readonly leaf: Uint8Array
  readonly bytes: bigint
  readonly key: Uint8Array
  readonly signature: Uint8Array
  readonly ts: number
}

/** Any entry. */
export type Entry = Read | Fetch | Exec | Seal | Void | Ack

const ID_BYTES = 16
const HASH_BYTES = 32
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** Readers of each type, for what stands behind version and type. */
const READERS: Readonly<Record<number, (items: Items) => Entry>> = {
  1: readOf,
  2: execOf,
  3: ackOf,
  4: sealOf,
  5: voidOf,
  6: fetchOf,
}

/**
 * The entry that `bytes` are.
 *
 * @throws {BadCbor} when they are none
 * @example
 * const entry = decodeEntry(bytes)
 * if (entry.kind === 'read') total += entry.bytes
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > ENTRY_BYTES_MAX)
    throw new BadCbor(`expected <= ${ENTRY_BYTES_MAX} bytes, got ${bytes.length}`)
  const items = new Items(bytes)
  const version = items.uint()
  const type = items.uint()
  const reader = version === 1 ? READERS[type] : undefined
  if (reader === undefined)
    throw new BadCbor(`expected an entry of version 1, got type ${type} of version ${version}`)
  const entry = reader(items)
  items.end()
  return entry
}

function readOf(items: Items): Read {
  const id = items.bytes(ID_BYTES)
  items.uint() // ts
  items.uint() // started
  items.text() // domain
  const read = {
    kind: 'read',
    id,
    space: items.text(),
    provider: items.text(),
    region: items.text(),
    cid: items.bytesOrNull(),
    status: items.uint(),
    bytes: items.uint64(),
    flags: items.uint(),
    deny: items.uint(),
    count: items.uint(),
  } as const
  items.uint() // grade
  return read
}

function execOf(items: Items): Exec {
  items.bytes(ID_BYTES)
  items.uint() // ts
  items.text() // domain
  const exec = {
    kind: 'exec',
    space: items.text(),
    provider: items.text(),
    region: items.text(),
  } as const
  items.bytes(ID_BYTES) // read
  items.uint() // cpuUs
  items.uint64() // diskRead
  items.uint64() // diskWrite
  items.bytesOrNull() // code
  items.uint() // exit
  return exec
}

function ackOf(items: Items): Ack {
  return {
    kind: 'ack',
    index: items.uint(),
    leaf: items.bytes(HASH_BYTES),
    bytes: items.uint64(),
    key: items.bytes(KEY_BYTES),
    signature: items.bytes(SIGNATURE_BYTES),
    ts: items.uint(),
  }
}

function sealOf(items: Items): Seal {
  return {
    kind: 'seal',
    epoch: items.uint(),
    previousEpoch: items.uintOrNull(),
    first: items.uint(),
    end: items.uint(),
    summaryRoot: items.bytes(HASH_BYTES),
    previousRoot: items.bytes(HASH_BYTES),
    sealed: items.uint(),
  }
}

function voidOf(items: Items): Void {
  items.bytes(ID_BYTES)
  items.uint() // ts
  const index = items.uint()
  const leaf = items.bytes(HASH_BYTES)
  items.uint() // reason
  return { kind: 'void', index, leaf }
}

function fetchOf(items: Items): Fetch {
  return {
    kind: 'fetch',
    id: items.bytes(ID_BYTES),
    provider: items.text(),
    bytes: items.uint64(),
    requests: items.uint(),
    failed: items.uint(),
  }
}
