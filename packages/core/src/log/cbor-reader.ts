/**
 * Reads canonical DAG-CBOR items one by one, and nothing that has a shorter or other spelling.
 * @module
 */

/** The bytes are not what was expected at `offset`, or spell it in a way that is not canonical. */
export class InvalidCbor extends Error {
  override readonly name = 'InvalidCbor'
  readonly offset: number
  constructor(offset: number, message: string) {
    super(`at byte ${offset}: ${message}`)
    this.offset = offset
  }
}

const MAJOR_NAMES = [
  'integer',
  'negative integer',
  'bytes',
  'text',
  'array',
  'map',
  'tag',
  'simple',
]
const UINT = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const NULL = 0xf6
const UINT32_COUNT = 0x1_0000_0000
/** Least value that each width of argument may spell (additional information 24 to 27). */
const WIDTH_VALUE_MIN = [24, 0x100, 0x1_0000, UINT32_COUNT]

// A BOM is a character like any other: dropping it would make two encodings of one value.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes items off `bytes`, front to back.
 *
 * @throws {InvalidCbor} from every method, when the next item is not the one asked for
 * @example
 * const reader = new CborReader(new Uint8Array([0x82, 0x01, 0xf6]))
 * reader.array() // 2
 * reader.uint() // 1
 * reader.bytesOrNull() // null
 * reader.end()
 */
export class CborReader {
  readonly bytes: Uint8Array
  /** Offset of the next item. */
  offset = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Number of items of the array that starts here. */
  array(): number {
    return this.#length(ARRAY)
  }

  /** An integer of at most 2^53 - 1. */
  uint(): number {
    const start = this.offset
    const value = this.#argument(UINT)
    if (typeof value === 'bigint')
      throw new InvalidCbor(start, `expected an integer <= 2^53 - 1, got ${value}`)
    return value
  }

  /** An integer of at most 2^64 - 1. */
  uint64(): bigint {
    return BigInt(this.#argument(UINT))
  }

  uintOrNull(): number | null {
    return this.#null() ? null : this.uint()
  }

  /** A byte string, as a view; of exactly `length` bytes when it is given. */
  byteString(length?: number): Uint8Array {
    const start = this.offset
    const value = this.#take(this.#length(BYTES))
    if (length !== undefined && value.length !== length)
      throw new InvalidCbor(start, `expected ${length} bytes, got ${value.length}`)
    return value
  }

  bytesOrNull(): Uint8Array | null {
    return this.#null() ? null : this.byteString()
  }

  /** A text string. */
  text(): string {
    const start = this.offset
    const encoded = this.#take(this.#length(TEXT))
    try {
      return utf8.decode(encoded)
    } catch {
      throw new InvalidCbor(start, 'expected text in UTF-8, got other bytes')
    }
  }

  /** Says that nothing may follow. */
  end(): void {
    const rest = this.bytes.length - this.offset
    if (rest !== 0) throw new InvalidCbor(this.offset, `expected the end, got ${rest} more bytes`)
  }

  #null(): boolean {
    if (this.bytes[this.offset] !== NULL) return false
    this.offset++
    return true
  }

  #take(length: number): Uint8Array {
    const start = this.offset
    const rest = this.bytes.length - start
    if (length > rest) throw new InvalidCbor(start, `expected ${length} bytes, got ${rest}`)
    this.offset = start + length
    return this.bytes.subarray(start, this.offset)
  }

  #length(major: number): number {
    const start = this.offset
    const value = this.#argument(major)
    if (typeof value === 'bigint')
      throw new InvalidCbor(start, `expected a length <= 2^53 - 1, got ${value}`)
    return value
  }

  /** The argument of an item of type `major`: a bigint only when no safe integer says it. */
  #argument(major: number): number | bigint {
    const start = this.offset
    const first = this.#take(1)[0]!
    if (first >> 5 !== major)
      throw new InvalidCbor(start, `expected ${MAJOR_NAMES[major]}, got ${MAJOR_NAMES[first >> 5]}`)
    const info = first & 0x1f
    if (info < 24) return info
    if (info > 27) throw new InvalidCbor(start, `expected a definite length, got ${info}`)
    let value = 0
    let low = 0
    for (const byte of this.#take(2 ** (info - 24))) {
      value = value * 256 + byte
      low = ((low << 8) | byte) >>> 0
    }
    if (value < WIDTH_VALUE_MIN[info - 24]!)
      throw new InvalidCbor(start, `expected the shortest spelling of ${value}, got a longer one`)
    if (value <= Number.MAX_SAFE_INTEGER) return value
    // Past 2^53 the sum above is rounded: take its two halves.
    const high = this.bytes.subarray(this.offset - 8, this.offset - 4)
    return high.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) * 2n ** 32n + BigInt(low)
  }
}
