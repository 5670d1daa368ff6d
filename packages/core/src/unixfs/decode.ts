/**
 * Decoding of UnixFS nodes: the protobuf in a dag-pb node's Data.
 * Source: UnixFS specification, section "Data structures"; UnixFS 1.5 for mode and mtime.
 * @module
 */
import { MalformedBlock } from '../malformed.ts'
import { NODE_LINKS_MAX } from '../limits.ts'
import { ProtobufCursor } from '../protobuf.ts'
import { type Result, fail, ok } from '../result.ts'

/** Node types by their number on the wire. */
const TYPES = ['raw', 'directory', 'file', 'metadata', 'symlink', 'hamt'] as const

/** What a UnixFS node is. `raw` is the old form of a file's leaf. */
export type UnixfsType = (typeof TYPES)[number]

/** A decoded UnixFS node. */
export interface UnixfsNode {
  readonly type: UnixfsType
  /** File bytes held in this node itself, a symlink's target, or a HAMT's bitfield; a view. */
  readonly data: Uint8Array
  /** Size of the whole file below and including this node, in bytes. */
  readonly fileSizeBytes: number
  /** File bytes below each link, in order. */
  readonly blockSizes: readonly number[]
  /** HAMT: number of buckets of this shard, a power of two. */
  readonly fanout: number
  readonly mode: number | undefined
  /** Modification time in whole seconds since 1970, when present. */
  readonly mtimeSeconds: number | undefined
}

const NO_BYTES = new Uint8Array(0)

/**
 * Decodes the Data field of a dag-pb node.
 *
 * @example
 * decodeUnixfs(new Uint8Array([8, 1])).ok?.type // 'directory'
 */
export function decodeUnixfs(data: Uint8Array | undefined): Result<UnixfsNode, MalformedBlock> {
  if (data === undefined) return fail(new MalformedBlock('node expected UnixFS data, has none'))
  try {
    return ok(readUnixfs(data))
  } catch (error) {
    if (error instanceof MalformedBlock) return fail(error)
    throw error
  }
}

/** Fields while they are being read. */
interface Draft {
  type: number
  data: Uint8Array
  fileSizeBytes: number | undefined
  blockSizes: number[]
  fanout: number
  mode: number | undefined
  mtimeSeconds: number | undefined
}

function readUnixfs(bytes: Uint8Array): UnixfsNode {
  const draft: Draft = {
    type: -1,
    data: NO_BYTES,
    fileSizeBytes: undefined,
    blockSizes: [],
    fanout: 0,
    mode: undefined,
    mtimeSeconds: undefined,
  }
  const cursor = new ProtobufCursor(bytes, 0, bytes.length)
  while (!cursor.done) readField(cursor, draft)
  const type = TYPES[draft.type]
  if (type === undefined) throw new MalformedBlock(`UnixFS type expected 0 to 5, got ${draft.type}`)
  return { ...draft, type, fileSizeBytes: draft.fileSizeBytes ?? fileSizeOf(draft) }
}

/** Writers may leave `filesize` out; the parts then say it. */
function fileSizeOf(draft: Draft): number {
  return draft.blockSizes.reduce((sum, size) => sum + size, draft.data.length)
}

function readField(cursor: ProtobufCursor, draft: Draft): void {
  const key = cursor.varint()
  if (key === 0x08) draft.type = cursor.varint()
  else if (key === 0x12) draft.data = readBytes(cursor)
  else if (key === 0x18) draft.fileSizeBytes = cursor.size()
  else if (key === 0x20) pushBlockSize(draft, cursor.size())
  else if (key === 0x22) readPackedSizes(cursor, draft)
  else if (key === 0x30) draft.fanout = cursor.size()
  else if (key === 0x38) draft.mode = cursor.varint()
  else if (key === 0x42) draft.mtimeSeconds = readSeconds(cursor)
  else cursor.skip(key & 7)
}

function readBytes(cursor: ProtobufCursor): Uint8Array {
  const { start, end } = cursor.skipBytes()
  return cursor.bytes.subarray(start, end)
}

function readPackedSizes(cursor: ProtobufCursor, draft: Draft): void {
  const { start, end } = cursor.skipBytes()
  const packed = new ProtobufCursor(cursor.bytes, start, end)
  while (!packed.done) pushBlockSize(draft, packed.size())
}

function pushBlockSize(draft: Draft, sizeBytes: number): void {
  if (draft.blockSizes.length >= NODE_LINKS_MAX)
    throw new MalformedBlock(`UnixFS node expected at most ${NODE_LINKS_MAX} block sizes`)
  draft.blockSizes.push(sizeBytes)
}

/** Seconds are an int64: a time before 1970 is a ten-byte varint, which we leave out. */
function readSeconds(cursor: ProtobufCursor): number | undefined {
  const { start, end } = cursor.skipBytes()
  const time = new ProtobufCursor(cursor.bytes, start, end)
  let seconds: number | undefined
  while (!time.done) {
    const key = time.varint()
    if (key === 0x08) seconds = time.varint()
    else time.skip(key & 7)
  }
  return seconds !== undefined && Number.isSafeInteger(seconds) ? seconds : undefined
}
