/**
 * Reads the canonical CBOR that log files are made of: an array of unsigned integers, byte strings,
 * text, null, and further arrays. Source: RFC 8949; DAG-CBOR, "Strictness".
 * @module
 */

/** The bytes are not the canonical CBOR that was expected. */
export class BadCbor extends Error {
  override readonly name = 'BadCbor'
}

const UINT = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const NULL = 0xf6
/** Least value that may be spelled with 1, 2, 4 and 8 bytes. */
const LEAST = [24, 0x100, 0x1_0000, 0x1_0000_0000]

const TEXTS_KNOWN_MAX = 1024
const TEXT_KNOWN_BYTES_MAX = 128

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Texts of an entry are mostly those of an entry before: decoding them took 0.6 us of 8. */
class Texts {
  readonly #known: ({ readonly encoded: Uint8Array; readonly text: string } | undefined)[] = []

  of(encoded: Uint8Array): string {
    const { length } = encoded
    if (length === 0 || length > TEXT_KNOWN_BYTES_MAX) return utf8.decode(encoded)
    const slot = (31 * length + 7 * encoded[length - 1]! + encoded[length >> 1]!) % TEXTS_KNOWN_MAX
    const known = this.#known[slot]
    if (known !== undefined && isSame(known.encoded, encoded)) return known.text
    const text = utf8.decode(encoded)
    this.#known[slot] = { encoded: encoded.slice(), text }
    return text
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false
  return true
}

const texts = new Texts()

/**
 * Items of one array, taken one by one; each method throws when the next item is another.
 *
 * @throws {BadCbor} from every method
 * @example
 * const items = new Items(new Uint8Array([0x82, 0x01, 0xf6]))
 * items.uint() // 1
 * items.uintOrNull() // null
 * items.end()
 */
export class Items {
  readonly #bytes: Uint8Array
  #at = 0
  /** Items of the outer array. */
  readonly length: number
  /** Items of the outer array, and of the inner ones that were opened. */
  #expected: number
  #taken = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.length = this.#size(ARRAY)
    this.#expected = this.length
    this.#taken = 0
  }

  /** Opens an inner array, whose items follow; how many there are. */
  array(): number {
    const length = this.#size(ARRAY)
    this.#expected += length
    return length
  }

  /** An integer up to 2^53 - 1. */
  uint(): number {
    const value = this.#head(UINT)
    if (typeof value === 'bigint') throw new BadCbor(`expected <= 2^53 - 1, got ${value}`)
    return value
  }

  /** An integer up to 2^64 - 1. */
  uint64(): bigint {
    return BigInt(this.#head(UINT))
  }

  uintOrNull(): number | null {
    return this.#null() ? null : this.uint()
  }

  /** A byte string, of `length` bytes when that is given. */
  bytes(length?: number): Uint8Array {
    const size = this.#size(BYTES)
    if (length !== undefined && size !== length)
      throw new BadCbor(`expected ${length} bytes before byte ${this.#at}, got ${size}`)
    return this.#slice(size)
  }

  bytesOrNull(): Uint8Array | null {
    return this.#null() ? null : this.bytes()
  }

  text(): string {
    const encoded = this.#slice(this.#size(TEXT))
    try {
      return texts.of(encoded)
    } catch {
      throw new BadCbor(`expected text in UTF-8 before byte ${this.#at}`)
    }
  }

  /** Says that all items were taken, and that nothing follows them. */
  end(): void {
    if (this.#taken !== this.#expected)
      throw new BadCbor(`expected ${this.#taken} items, got ${this.#expected}`)
    if (this.#at !== this.#bytes.length) throw new BadCbor(`expected the end at byte ${this.#at}`)
  }

  #null(): boolean {
    if (this.#bytes[this.#at] !== NULL) return false
    this.#at++
    this.#taken++
    return true
  }

  #slice(length: number): Uint8Array {
    const start = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length)
      throw new BadCbor(`expected ${length} bytes at byte ${start}`)
    return this.#bytes.subarray(start, this.#at)
  }

  #size(type: number): number {
    const size = this.#head(type)
    // A longer one can't be in memory, and a slice of it would wrap around.
    if (size > this.#bytes.length) throw new BadCbor(`expected less than ${size} items or bytes`)
    return Number(size)
  }

  #head(type: number): number | bigint {
    const start = this.#at++
    const head = this.#bytes[start]
    if (head === undefined || head >> 5 !== type)
      throw new BadCbor(`expected an item of type ${type} at byte ${start}`)
    this.#taken++
    const info = head & 0x1f
    if (info < 24) return info
    if (info > 27) throw new BadCbor(`expected a definite length at byte ${start}`)
    return this.#wide(info - 24)
  }

  /** A number of 1, 2, 4 or 8 bytes. */
  #wide(width: number): number | bigint {
    const taken = this.#slice(2 ** width)
    let value = 0
    for (const byte of taken) value = value * 256 + byte
    if (value < LEAST[width]!)
      throw new BadCbor(`expected the shortest spelling of ${value} before byte ${this.#at}`)
    if (value <= Number.MAX_SAFE_INTEGER) return value
    // Past 2^53 the sum above is rounded.
    return new DataView(taken.buffer, taken.byteOffset).getBigUint64(0)
  }
}
