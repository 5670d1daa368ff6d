/**
 * Writes UnixFS messages: the data of dag-pb nodes (UnixFS specification, "Data field").
 * @module
 */
import { concatBytes } from '../bytes.ts'
import { fieldLength } from '../dag-pb/encode.ts'
import { varintLength, writeVarint } from '../varint.ts'

/** Types of UnixFS nodes. */
export const UNIXFS_DIRECTORY = 1
export const UNIXFS_FILE = 2
export const UNIXFS_SYMLINK = 4
export const UNIXFS_HAMT_SHARD = 5

/** Multihash code of the hash in a HAMT: murmur3-x64-64. */
const MURMUR3_X64_64 = 0x22

/** When a file was last changed: seconds since 1970 (negative before), and nanoseconds on top. */
export interface UnixfsTime {
  readonly seconds: number
  /** 0 to 999,999,999; 0 is left out on the wire. */
  readonly nanoseconds: number
}

/** What may be kept of a file's status. Leaving out both keeps the CID that others compute. */
export interface UnixfsMetadata {
  /** Permission bits, 1 to 0o7777. 0 is left out on the wire, as kubo does. */
  readonly mode?: number
  readonly mtime?: UnixfsTime
}

/** Protobuf tags: field number * 8 + wire type. */
const TYPE = 0x08
const DATA = 0x12
const FILE_SIZE = 0x18
const BLOCK_SIZE = 0x20
const HASH_TYPE = 0x28
const FANOUT = 0x30
const MODE = 0x38
const MTIME = 0x42
const MTIME_SECONDS = 0x08
const MTIME_NANOSECONDS = 0x15

const MODE_MAX = 0o7777
const NANOSECONDS_MAX = 999_999_999
/** A negative int64 is sign-extended to 64 bits: ten groups of seven. */
const NEGATIVE_VARINT_BYTES = 10

/** Whether there is anything to keep. */
export function hasMetadata(metadata: UnixfsMetadata): boolean {
  return (metadata.mode ?? 0) !== 0 || metadata.mtime !== undefined
}

function number(tag: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintLength(value))
  bytes[0] = tag
  writeVarint(bytes, 1, value)
  return bytes
}

function fieldHead(tag: number, length: number): Uint8Array {
  return number(tag, length)
}

function seconds(value: number): Uint8Array {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`"mtime.seconds" expected a safe integer, got ${value}`)
  if (value >= 0) return number(MTIME_SECONDS, value)
  const bytes = new Uint8Array(1 + NEGATIVE_VARINT_BYTES)
  bytes[0] = MTIME_SECONDS
  let rest = BigInt.asUintN(64, BigInt(value))
  for (let i = 1; i <= NEGATIVE_VARINT_BYTES; i++) {
    const more = i < NEGATIVE_VARINT_BYTES ? 0x80 : 0
    bytes[i] = Number(rest & 0x7fn) | more
    rest >>= 7n
  }
  return bytes
}

function nanoseconds(value: number): Uint8Array[] {
  if (!Number.isInteger(value) || value < 0 || value > NANOSECONDS_MAX)
    throw new RangeError(`"mtime.nanoseconds" expected 0 to ${NANOSECONDS_MAX}, got ${value}`)
  if (value === 0) return []
  const bytes = new Uint8Array(5)
  bytes[0] = MTIME_NANOSECONDS
  new DataView(bytes.buffer).setUint32(1, value, true)
  return [bytes]
}

function metadataParts({ mode = 0, mtime }: UnixfsMetadata): Uint8Array[] {
  if (!Number.isInteger(mode) || mode < 0 || mode > MODE_MAX)
    throw new RangeError(`"mode" expected 0 to 0o7777, got ${mode}`)
  const parts = mode === 0 ? [] : [number(MODE, mode)]
  if (mtime === undefined) return parts
  const time = [seconds(mtime.seconds), ...nanoseconds(mtime.nanoseconds)]
  const length = time.reduce((sum, part) => sum + part.length, 0)
  return [...parts, fieldHead(MTIME, length), ...time]
}

/**
 * What stands before and after `contentBytes` of content in data as of {@link fileData}.
 *
 * @example
 * fileDataAround(5) // 08 02 12 05 and 18 05
 */
export function fileDataAround(contentBytes: number): {
  readonly before: Uint8Array
  readonly after: Uint8Array
} {
  const type = number(TYPE, UNIXFS_FILE)
  const head = contentBytes === 0 ? [] : [fieldHead(DATA, contentBytes)]
  return { before: concatBytes([type, ...head]), after: number(FILE_SIZE, contentBytes) }
}

function contentParts(content: Uint8Array): Uint8Array[] {
  return content.length === 0 ? [] : [fieldHead(DATA, content.length), content]
}

/**
 * Data of a file that lies in one node, in parts for `encodePbNode`; `content` is not copied.
 *
 * @example
 * fileData(new Uint8Array(0), {}) // 08 02, 18 00: the empty file
 */
export function fileData(content: Uint8Array, metadata: UnixfsMetadata): Uint8Array[] {
  return [
    number(TYPE, UNIXFS_FILE),
    ...contentParts(content),
    number(FILE_SIZE, content.length),
    ...metadataParts(metadata),
  ]
}

/**
 * Data of a file's interior node: how many bytes of content lie under each of its links.
 *
 * @example
 * fileTreeData([1048576, 5], {})
 */
export function fileTreeData(
  blockSizes: readonly number[],
  metadata: UnixfsMetadata,
): Uint8Array[] {
  let fileBytes = 0
  let length = 0
  for (const size of blockSizes) {
    fileBytes += size
    length += 1 + varintLength(size)
  }
  const sizes = new Uint8Array(length)
  let at = 0
  for (const size of blockSizes) {
    sizes[at] = BLOCK_SIZE
    at = writeVarint(sizes, at + 1, size)
  }
  return [
    number(TYPE, UNIXFS_FILE),
    number(FILE_SIZE, fileBytes),
    sizes,
    ...metadataParts(metadata),
  ]
}

/** Data of a basic folder. */
export function directoryData(metadata: UnixfsMetadata): Uint8Array[] {
  return [number(TYPE, UNIXFS_DIRECTORY), ...metadataParts(metadata)]
}

/** Data of a HAMT shard; `bitfield` is big-endian, without leading zero bytes. */
export function shardData(
  bitfield: Uint8Array,
  fanout: number,
  metadata: UnixfsMetadata,
): Uint8Array[] {
  return [
    number(TYPE, UNIXFS_HAMT_SHARD),
    ...contentParts(bitfield),
    number(HASH_TYPE, MURMUR3_X64_64),
    number(FANOUT, fanout),
    ...metadataParts(metadata),
  ]
}

/** Data of a symbolic link. */
export function symlinkData(target: Uint8Array, metadata: UnixfsMetadata): Uint8Array[] {
  return [number(TYPE, UNIXFS_SYMLINK), ...contentParts(target), ...metadataParts(metadata)]
}

/** Bytes that parts of a node's data take in the node, tag and length included. */
export function dataFieldLength(parts: readonly Uint8Array[]): number {
  return fieldLength(parts.reduce((sum, part) => sum + part.length, 0))
}
