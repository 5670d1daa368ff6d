/**
 * Writes the canonical DAG-CBOR that log entries are made of into a given buffer.
 * @module
 */

/** Largest value of a CBOR unsigned integer. */
const UINT64_MAX = 2n ** 64n - 1n
const UINT32_COUNT = 0x1_0000_0000

/** Major types of RFC 8949, section 3.1, as the high bits of an item's first byte. */
const UINT = 0x00
const BYTES = 0x40
const TEXT = 0x60
const ARRAY = 0x80
const NULL = 0xf6

const utf8 = new TextEncoder()

/**
 * Appends items to `buffer`. Each write checks its room, since a typed array drops what is written
 * past its end without a word.
 *
 * @example
 * const writer = new CborWriter(new Uint8Array(64))
 * writer.array(2)
 * writer.uint(1)
 * writer.text('gateway')
 * const item = writer.copy()
 */
export class CborWriter {
  readonly buffer: Uint8Array
  /** Offset of the next write: bytes written so far, until it is set back. */
  offset = 0

  constructor(buffer: Uint8Array) {
    this.buffer = buffer
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.offset)
  }

  /** Opens an array of `length` items. */
  array(length: number): void {
    this.#head(ARRAY, length)
  }

  /** @throws {RangeError} when `value` is not a safe integer >= 0 */
  uint(value: number): void {
    this.#head(UINT, value)
  }

  /** @throws {RangeError} when `value` is not in 0..2^64-1 */
  uint64(value: bigint): void {
    if (value < 0n || value > UINT64_MAX)
      throw new RangeError(`integer expected 0..2^64-1, got ${value}`)
    if (value <= Number.MAX_SAFE_INTEGER) return this.#head(UINT, Number(value))
    this.#room(9)
    this.buffer[this.offset++] = UINT | 27
    this.#uint32(Number(value >> 32n))
    this.#uint32(Number(value & 0xffff_ffffn))
  }

  /** Writes a byte string. */
  bytes(value: Uint8Array): void {
    this.#head(BYTES, value.length)
    this.#room(value.length)
    this.buffer.set(value, this.offset)
    this.offset += value.length
  }

  /** Writes null. */
  null(): void {
    this.#room(1)
    this.buffer[this.offset++] = NULL
  }

  /** @throws {TypeError} when `value` has a lone surrogate, which no UTF-8 says */
  text(value: string): void {
    const start = this.offset
    this.#head(TEXT, value.length)
    this.#room(value.length)
    // ASCII, as names nearly always are, takes as many bytes as characters: no second buffer.
    const { read, written } = utf8.encodeInto(value, this.buffer.subarray(this.offset))
    if (read === value.length && written === value.length) {
      this.offset += written
      return
    }
    this.offset = start
    this.#textBeyondAscii(value)
  }

  #textBeyondAscii(value: string): void {
    if (!value.isWellFormed())
      throw new TypeError('text expected well-formed Unicode, got a lone surrogate')
    const encoded = utf8.encode(value)
    this.#head(TEXT, encoded.length)
    this.#room(encoded.length)
    this.buffer.set(encoded, this.offset)
    this.offset += encoded.length
  }

  /** First byte and shortest argument of an item (RFC 8949, section 4.2.1). */
  #head(major: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`integer expected 0..2^53-1, got ${value}`)
    const { buffer } = this
    if (value < 24) {
      this.#room(1)
      buffer[this.offset++] = major | value
    } else if (value < 0x100) {
      this.#room(2)
      buffer[this.offset++] = major | 24
      buffer[this.offset++] = value
    } else if (value < 0x1_0000) {
      this.#room(3)
      buffer[this.offset++] = major | 25
      buffer[this.offset++] = value >>> 8
      buffer[this.offset++] = value
    } else if (value < UINT32_COUNT) {
      this.#room(5)
      buffer[this.offset++] = major | 26
      this.#uint32(value)
    } else {
      this.#room(9)
      buffer[this.offset++] = major | 27
      this.#uint32(Math.floor(value / UINT32_COUNT))
      this.#uint32(value % UINT32_COUNT)
    }
  }

  #uint32(value: number): void {
    const { buffer } = this
    buffer[this.offset++] = value >>> 24
    buffer[this.offset++] = value >>> 16
    buffer[this.offset++] = value >>> 8
    buffer[this.offset++] = value
  }

  #room(bytes: number): void {
    if (this.offset + bytes > this.buffer.length)
      throw new RangeError(
        `buffer expected room for ${bytes} bytes at ${this.offset}, got ${this.buffer.length}`,
      )
  }
}
