/**
 * Decodes log entries, and refuses whatever would not encode to the same bytes again.
 * @module
 */
import { ENTRY_BYTES_MAX } from '../limits/log.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import { CborReader, InvalidCbor } from './cbor-reader.ts'
import { ENTRY_ID_BYTES, HASH_BYTES, SIGNATURE_BYTES } from './encode.ts'
import { ENTRY_TYPE, ENTRY_VERSION } from './entry.ts'
import type { AckEntry, ExecEntry, FetchEntry, LogEntry } from './entry.ts'
import type { ReadEntry, SealEntry, VoidEntry } from './entry.ts'

/** These bytes are no entry of this version. `cause` says where they depart. */
export class InvalidEntry extends Error {
  override readonly name = 'InvalidEntry'
}

/** How to read an entry of one type: its number of items, and the fields after version and type. */
interface Layout {
  readonly items: number
  readonly entry: (reader: CborReader) => LogEntry
}

const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [ENTRY_TYPE.read, { items: 16, entry: (r) => ({ kind: 'read', entry: readRead(r) }) }],
  [ENTRY_TYPE.exec, { items: 14, entry: (r) => ({ kind: 'exec', entry: readExec(r) }) }],
  [ENTRY_TYPE.ack, { items: 8, entry: (r) => ({ kind: 'ack', entry: readAck(r) }) }],
  [ENTRY_TYPE.seal, { items: 9, entry: (r) => ({ kind: 'seal', entry: readSeal(r) }) }],
  [ENTRY_TYPE.void, { items: 7, entry: (r) => ({ kind: 'void', entry: readVoid(r) }) }],
  [ENTRY_TYPE.fetch, { items: 7, entry: (r) => ({ kind: 'fetch', entry: readFetch(r) }) }],
])

/**
 * The entry that `bytes` say. Its byte fields are views of `bytes`.
 *
 * What comes back encodes to the same bytes; a longer spelling of an integer, an unknown version
 * or type, a missing or extra item, bytes after the end and more than 1,024 bytes are refused.
 *
 * @example
 * const { ok, error } = decodeEntry(bytes)
 * if (ok?.kind === 'read') total += ok.entry.bytes
 */
export function decodeEntry(bytes: Uint8Array): Result<LogEntry, InvalidEntry> {
  if (bytes.length > ENTRY_BYTES_MAX)
    return fail(new InvalidEntry(`entry expected <= ${ENTRY_BYTES_MAX} bytes, got ${bytes.length}`))
  try {
    const reader = new CborReader(bytes)
    const items = reader.array()
    const version = reader.uint()
    if (version !== ENTRY_VERSION)
      return fail(new InvalidEntry(`entry expected version ${ENTRY_VERSION}, got ${version}`))
    const type = reader.uint()
    const layout = LAYOUTS.get(type)
    if (layout === undefined)
      return fail(new InvalidEntry(`entry expected a type of 1..6, got ${type}`))
    if (items !== layout.items)
      return fail(
        new InvalidEntry(`entry of type ${type} expected ${layout.items} items, got ${items}`),
      )
    const entry = layout.entry(reader)
    reader.end()
    return ok(entry)
  } catch (error) {
    if (!(error instanceof InvalidCbor)) throw error
    return fail(new InvalidEntry(`entry ${error.message}`, { cause: error }))
  }
}

/** What an encoded READ begins with: an array of 16, version 1, type 1, 16 bytes. */
const READ_START = [0x90, 0x01, 0x01, 0x50]

/**
 * The `id` of an encoded READ, as a view, or undefined when `bytes` begin as something else. For
 * scans over many entries that need no more; it does not check the rest.
 *
 * @example
 * const id = readIdOf(group[0])
 */
export function readIdOf(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < READ_START.length + ENTRY_ID_BYTES) return undefined
  for (let i = 0; i < READ_START.length; i++) if (bytes[i] !== READ_START[i]) return undefined
  return bytes.subarray(READ_START.length, READ_START.length + ENTRY_ID_BYTES)
}

// Object literals evaluate in the order they are written, which is the order of the items.

function readRead(reader: CborReader): ReadEntry {
  return {
    id: reader.byteString(ENTRY_ID_BYTES),
    ts: reader.uint(),
    started: reader.uint(),
    domain: reader.text(),
    space: reader.text(),
    provider: reader.text(),
    region: reader.text(),
    cid: reader.bytesOrNull(),
    status: reader.uint(),
    bytes: reader.uint64(),
    flags: reader.uint(),
    deny: reader.uint(),
    count: reader.uint(),
    grade: reader.uint(),
  }
}

function readFetch(reader: CborReader): FetchEntry {
  return {
    id: reader.byteString(ENTRY_ID_BYTES),
    provider: reader.text(),
    bytes: reader.uint64(),
    requests: reader.uint(),
    failed: reader.uint(),
  }
}

function readExec(reader: CborReader): ExecEntry {
  return {
    id: reader.byteString(ENTRY_ID_BYTES),
    ts: reader.uint(),
    domain: reader.text(),
    space: reader.text(),
    provider: reader.text(),
    region: reader.text(),
    read: reader.byteString(ENTRY_ID_BYTES),
    cpuUs: reader.uint(),
    diskReadBytes: reader.uint64(),
    diskWriteBytes: reader.uint64(),
    code: reader.bytesOrNull(),
    exit: reader.uint(),
  }
}

function readAck(reader: CborReader): AckEntry {
  return {
    index: reader.uint(),
    leaf: reader.byteString(HASH_BYTES),
    bytes: reader.uint64(),
    key: reader.byteString(HASH_BYTES),
    signature: reader.byteString(SIGNATURE_BYTES),
    ts: reader.uint(),
  }
}

function readSeal(reader: CborReader): SealEntry {
  return {
    epoch: reader.uint(),
    previousEpoch: reader.uintOrNull(),
    first: reader.uint(),
    end: reader.uint(),
    summaryRoot: reader.byteString(HASH_BYTES),
    previousRoot: reader.byteString(HASH_BYTES),
    sealed: reader.uint(),
  }
}

function readVoid(reader: CborReader): VoidEntry {
  return {
    id: reader.byteString(ENTRY_ID_BYTES),
    ts: reader.uint(),
    index: reader.uint(),
    leaf: reader.byteString(HASH_BYTES),
    reason: reader.uint(),
  }
}
