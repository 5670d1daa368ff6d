/**
 * Reads CAR files: version 1, and the version 1 inside version 2.
 * Sources: IPLD, "CARv1" and "CARv2" specifications.
 * @module
 */
import { decode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { linkFromBytes, linkFromCid, type Link } from '../link.ts'
import {
  BLOCK_BYTES_MAX,
  CAR_CID_BYTES_MAX,
  CAR_HEADER_BYTES_MAX,
  CAR_PADDING_BYTES_MAX,
} from '../limits.ts'
import { fail, ok, type Result } from '../result.ts'
import { readVarint } from '../varint.ts'

/** The bytes are no CAR, end too early, or break a bound. */
export class CarMalformed extends Error {
  override readonly name = 'CarMalformed'
  /** Where in the file the fault lies, in bytes from its start. */
  readonly offset: number
  readonly expected: string
  readonly got: string
  constructor(offset: number, expected: string, got: string) {
    super(`CAR at byte ${offset}: expected ${expected}, got ${got}`)
    this.offset = offset
    this.expected = expected
    this.got = got
  }
}

/** What a CAR says first. */
export interface CarHeader {
  /** Version of the file; frames are those of version 1 either way. */
  readonly version: 1 | 2
  readonly roots: readonly Link[]
}

/** One block of a CAR, unverified. */
export interface CarFrame {
  /** Owns its bytes, so that it may be kept. */
  readonly link: Link
  /** The block: a view of the chunk it came in, or an array of its own when it came in several. */
  readonly bytes: Uint8Array
  /** Where the block's bytes start in the file. */
  readonly offset: number
  /** Where its frame starts in the file: the length before the CID. */
  readonly frameOffset: number
}

/** Bounds of a reading. */
export interface CarBounds {
  /** Bytes of a block; `BLOCK_BYTES_MAX` unless told. */
  readonly blockBytesMax?: number
}

/**
 * Asks for bytes by their number, gives the header, then frames. A number is answered with that
 * many bytes, or with fewer when the file ends before. Throws {@link CarMalformed}.
 */
export type CarParser = Generator<number | CarHeader | CarFrame, void, Uint8Array>
type Reading<T> = Generator<number, T, Uint8Array>

const V2_HEADER_BYTES = 40
const VARINT_BYTES_MAX = 8

/** The one parser behind all readers; it holds no bytes beyond the section it asked for. */
export function* parseCar(bounds: CarBounds = {}): CarParser {
  const blockBytesMax = bounds.blockBytesMax ?? BLOCK_BYTES_MAX
  const cursor: Cursor = { offset: 0, end: Number.POSITIVE_INFINITY }
  let header = yield* readHeader(cursor)
  if (header.version === 2) {
    yield* enterVersion2(cursor)
    const inner = yield* readHeader(cursor)
    if (inner.version === 2)
      throw new CarMalformed(cursor.offset, 'version 1 inside version 2', 'version 2')
    header = { version: 2, roots: inner.roots }
  }
  yield header
  while (cursor.offset !== cursor.end) {
    const frameOffset = cursor.offset
    const length = yield* readLength(cursor)
    if (length === undefined) return
    if (length < 1 || length > CAR_CID_BYTES_MAX + blockBytesMax)
      throw new CarMalformed(
        frameOffset,
        `a frame of 1 to ${CAR_CID_BYTES_MAX + blockBytesMax} bytes`,
        `one of ${length}`,
      )
    const sectionOffset = cursor.offset
    const section = yield* readExactly(cursor, length, 'a frame')
    const cidBytes = cidLength(section)
    // A copy by constructor: `slice` of Node's Buffer is a view.
    const link = cidBytes && linkFromBytes(new Uint8Array(section.subarray(0, cidBytes)))
    if (!cidBytes || !link) throw new CarMalformed(sectionOffset, 'a CID', hexStart(section))
    const bytes = section.subarray(cidBytes)
    const offset = sectionOffset + cidBytes
    if (bytes.length > blockBytesMax)
      throw new CarMalformed(offset, `a block of <= ${blockBytesMax} bytes`, `${bytes.length}`)
    yield { link, bytes, offset, frameOffset }
  }
}

/** Where the parser stands, and where its CAR ends when the file says so. */
type Cursor = { offset: number; end: number }

function* readExactly(cursor: Cursor, length: number, what: string): Reading<Uint8Array> {
  if (cursor.offset + length > cursor.end)
    throw new CarMalformed(
      cursor.offset,
      `${what} within the ${cursor.end - cursor.offset} bytes left of the inner CAR`,
      `${length} bytes`,
    )
  const bytes = yield length
  if (bytes.length < length)
    throw new CarMalformed(
      cursor.offset + bytes.length,
      `${what} of ${length} bytes`,
      `the end of the file after ${bytes.length}`,
    )
  cursor.offset += length
  return bytes
}

/** The length before a section; undefined at the end of a file that may end here. */
function* readLength(cursor: Cursor): Reading<number | undefined> {
  const start = cursor.offset
  let value = 0
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const bytes = yield 1
    if (bytes.length === 0) {
      if (i === 0 && cursor.end === Number.POSITIVE_INFINITY) return undefined
      throw new CarMalformed(cursor.offset, 'a length', 'the end of the file')
    }
    cursor.offset++
    value += (bytes[0]! & 0x7f) * 128 ** i
    if (bytes[0]! < 0x80) return value
  }
  throw new CarMalformed(start, `a length of <= ${VARINT_BYTES_MAX} bytes`, 'a longer one')
}

function* readHeader(cursor: Cursor): Reading<CarHeader> {
  const start = cursor.offset
  const length = yield* readLength(cursor)
  if (length === undefined) throw new CarMalformed(start, 'a CAR header', 'the end of the file')
  if (length < 1 || length > CAR_HEADER_BYTES_MAX)
    throw new CarMalformed(
      start,
      `a header of 1 to ${CAR_HEADER_BYTES_MAX} bytes`,
      `${length} (is this a CAR?)`,
    )
  const offset = cursor.offset
  const bytes = yield* readExactly(cursor, length, 'a header')
  let value: { version?: unknown; roots?: unknown } | null
  try {
    value = decode(bytes)
  } catch (error) {
    throw new CarMalformed(offset, 'a header in DAG-CBOR', String(error))
  }
  if (value?.version === 2) return { version: 2, roots: [] }
  if (value?.version !== 1)
    throw new CarMalformed(offset, 'version 1 or 2', `version ${String(value?.version)}`)
  const { roots } = value
  if (!Array.isArray(roots)) throw new CarMalformed(offset, 'a list of roots', typeof roots)
  return { version: 1, roots: roots.map((root: unknown) => rootLink(root, offset)) }
}

function rootLink(root: unknown, offset: number): Link {
  const cid = CID.asCID(root)
  if (cid === null) throw new CarMalformed(offset, 'roots that are links', typeof root)
  return linkFromCid(cid)
}

/** Reads the header of version 2 and goes to the CAR inside; the index behind it is not read. */
function* enterVersion2(cursor: Cursor): Reading<void> {
  const start = cursor.offset
  const bytes = yield* readExactly(cursor, V2_HEADER_BYTES, 'a version 2 header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dataOffset = Number(view.getBigUint64(16, true))
  const dataBytes = Number(view.getBigUint64(24, true))
  const padding = dataOffset - cursor.offset
  if (padding < 0 || padding > CAR_PADDING_BYTES_MAX)
    throw new CarMalformed(
      start + 16,
      `data from byte ${cursor.offset} to ${cursor.offset + CAR_PADDING_BYTES_MAX}`,
      `from ${dataOffset}`,
    )
  if (!Number.isSafeInteger(dataOffset + dataBytes))
    throw new CarMalformed(start + 24, 'data of < 2^53 bytes', `${dataBytes}`)
  if (padding > 0) yield* readExactly(cursor, padding, 'padding')
  cursor.end = dataOffset + dataBytes
}

/** Bytes of the CID that `section` starts with; undefined when there is none. */
function cidLength(section: Uint8Array): number | undefined {
  if (section[0] === 0x12 && section[1] === 0x20) return section.length >= 34 ? 34 : undefined
  if (section[0] !== 1) return undefined
  // A CID's varints are short; looking at its first bytes only keeps readVarint from throwing.
  const start = section.subarray(0, CAR_CID_BYTES_MAX)
  try {
    const codec = readVarint(start, 1)
    const code = codec && readVarint(start, codec.next)
    const length = code && readVarint(start, code.next)
    const end = length && length.next + length.value
    return end !== undefined && end <= start.length ? end : undefined
  } catch {
    return undefined
  }
}

function hexStart(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 8)
  return `bytes ${[...start].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')} …`
}

/** A whole CAR in memory: its header and all its frames, as views of `bytes`. */
export interface Car {
  readonly header: CarHeader
  readonly frames: readonly CarFrame[]
}

/**
 * Reads a CAR that is in memory.
 *
 * @example
 * const car = decodeCar(archive)
 */
export function decodeCar(bytes: Uint8Array, bounds?: CarBounds): Result<Car, CarMalformed> {
  const parser = parseCar(bounds)
  const frames: CarFrame[] = []
  let header: CarHeader | undefined
  let answer: Uint8Array = new Uint8Array()
  let at = 0
  try {
    for (;;) {
      const { value, done } = parser.next(answer)
      if (done) return ok({ header: header!, frames })
      if (typeof value === 'number') {
        answer = bytes.subarray(at, at + value)
        at += answer.length
      } else if ('link' in value) frames.push(value)
      else header = value
    }
  } catch (error) {
    if (error instanceof CarMalformed) return fail(error)
    throw error
  }
}
