/**
 * Encodes log entries as canonical DAG-CBOR arrays of at most `ENTRY_BYTES_MAX` bytes.
 * Source: docs/reference/log-entries.md.
 * @module
 */
import { ENTRY_BYTES_MAX } from '../limits/log.ts'
import { CborWriter } from './cbor-writer.ts'
import { ENTRY_TYPE, ENTRY_VERSION } from './entry.ts'
import type {
  AckEntry,
  ExecEntry,
  FetchEntry,
  LogEntry,
  ReadEntry,
  SealEntry,
  VoidEntry,
} from './entry.ts'

/** Bytes of an entry's `id`. */
export const ENTRY_ID_BYTES = 16
/** Bytes of a leaf hash, a root or an Ed25519 public key. */
export const HASH_BYTES = 32
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** Shared by all encoders here: none of them yields before it has copied its result out. */
const scratch = new CborWriter(new Uint8Array(ENTRY_BYTES_MAX))

/**
 * Appends a READ to what `writer` holds.
 *
 * @throws {RangeError} when a number is out of range or the buffer too small
 * @example
 * writeRead(new CborWriter(new Uint8Array(ENTRY_BYTES_MAX)), read)
 */
export function writeRead(writer: CborWriter, read: ReadEntry): void {
  open(writer, 16, ENTRY_TYPE.read)
  fixed(writer, 'id', read.id, ENTRY_ID_BYTES)
  writer.uint(read.ts)
  writer.uint(read.started)
  writer.text(read.domain)
  writer.text(read.space)
  writer.text(read.provider)
  writer.text(read.region)
  bytesOrNull(writer, read.cid)
  writer.uint(read.status)
  writer.uint64(read.bytes)
  writer.uint(read.flags)
  writer.uint(read.deny)
  writer.uint(read.count)
  writer.uint(read.grade)
}

/**
 * Appends a FETCH to what `writer` holds.
 *
 * @throws {RangeError} when a number is out of range or the buffer too small
 * @example
 * writeFetch(new CborWriter(new Uint8Array(ENTRY_BYTES_MAX)), fetch)
 */
export function writeFetch(writer: CborWriter, fetch: FetchEntry): void {
  open(writer, 7, ENTRY_TYPE.fetch)
  fixed(writer, 'id', fetch.id, ENTRY_ID_BYTES)
  writer.text(fetch.provider)
  writer.uint64(fetch.bytes)
  writer.uint(fetch.requests)
  writer.uint(fetch.failed)
}

/**
 * A READ as bytes.
 *
 * @throws {RangeError} when it passes 1,024 bytes or a number is out of range
 * @example
 * openRead.end([encodeRead(read)])
 */
export function encodeRead(read: ReadEntry): Uint8Array {
  return encoded(writeRead, read)
}

/** A FETCH as bytes. Throws as {@link encodeRead} does. */
export function encodeFetch(fetch: FetchEntry): Uint8Array {
  return encoded(writeFetch, fetch)
}

/** An EXEC as bytes. Throws as {@link encodeRead} does. */
export function encodeExec(exec: ExecEntry): Uint8Array {
  return encoded((writer) => {
    open(writer, 14, ENTRY_TYPE.exec)
    fixed(writer, 'id', exec.id, ENTRY_ID_BYTES)
    writer.uint(exec.ts)
    writer.text(exec.domain)
    writer.text(exec.space)
    writer.text(exec.provider)
    writer.text(exec.region)
    fixed(writer, 'read', exec.read, ENTRY_ID_BYTES)
    writer.uint(exec.cpuUs)
    writer.uint64(exec.diskReadBytes)
    writer.uint64(exec.diskWriteBytes)
    bytesOrNull(writer, exec.code)
    writer.uint(exec.exit)
  }, exec)
}

/** An ACK as bytes. Throws as {@link encodeRead} does. */
export function encodeAck(ack: AckEntry): Uint8Array {
  return encoded((writer) => {
    open(writer, 8, ENTRY_TYPE.ack)
    writer.uint(ack.index)
    fixed(writer, 'leaf', ack.leaf, HASH_BYTES)
    writer.uint64(ack.bytes)
    fixed(writer, 'key', ack.key, HASH_BYTES)
    fixed(writer, 'signature', ack.signature, SIGNATURE_BYTES)
    writer.uint(ack.ts)
  }, ack)
}

/** A SEAL as bytes. Throws as {@link encodeRead} does. */
export function encodeSeal(seal: SealEntry): Uint8Array {
  return encoded((writer) => {
    open(writer, 9, ENTRY_TYPE.seal)
    writer.uint(seal.epoch)
    if (seal.previousEpoch === null) writer.null()
    else writer.uint(seal.previousEpoch)
    writer.uint(seal.first)
    writer.uint(seal.end)
    fixed(writer, 'summaryRoot', seal.summaryRoot, HASH_BYTES)
    fixed(writer, 'previousRoot', seal.previousRoot, HASH_BYTES)
    writer.uint(seal.sealed)
  }, seal)
}

/** A VOID as bytes. Throws as {@link encodeRead} does. */
export function encodeVoid(voided: VoidEntry): Uint8Array {
  return encoded((writer) => {
    open(writer, 7, ENTRY_TYPE.void)
    fixed(writer, 'id', voided.id, ENTRY_ID_BYTES)
    writer.uint(voided.ts)
    writer.uint(voided.index)
    fixed(writer, 'leaf', voided.leaf, HASH_BYTES)
    writer.uint(voided.reason)
  }, voided)
}

/**
 * Any entry as bytes. Throws as {@link encodeRead} does.
 *
 * @example
 * encodeEntry({ kind: 'fetch', entry: fetch })
 */
export function encodeEntry(entry: LogEntry): Uint8Array {
  switch (entry.kind) {
    case 'read':
      return encodeRead(entry.entry)
    case 'fetch':
      return encodeFetch(entry.entry)
    case 'exec':
      return encodeExec(entry.entry)
    case 'ack':
      return encodeAck(entry.entry)
    case 'seal':
      return encodeSeal(entry.entry)
    case 'void':
      return encodeVoid(entry.entry)
  }
}

function encoded<T>(write: (writer: CborWriter, entry: T) => void, entry: T): Uint8Array {
  scratch.offset = 0
  write(scratch, entry)
  return scratch.copy()
}

function open(writer: CborWriter, items: number, type: number): void {
  writer.array(items)
  writer.uint(ENTRY_VERSION)
  writer.uint(type)
}

function fixed(writer: CborWriter, field: string, value: Uint8Array, length: number): void {
  if (value.length !== length)
    throw new RangeError(`"${field}" expected ${length} bytes, got ${value.length}`)
  writer.bytes(value)
}

function bytesOrNull(writer: CborWriter, value: Uint8Array | null): void {
  if (value === null) writer.null()
  else writer.bytes(value)
}
