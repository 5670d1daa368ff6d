/**
 * Reading protobuf wire format by offsets, as far as dag-pb and UnixFS use it.
 * @module
 */
import { MalformedBlock } from './malformed.ts'

/** A cursor over protobuf bytes; `at` is the offset of what comes next. */
export class ProtobufCursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /**
   * The next varint. Values over 2^53 - 1 lose their low bits; callers that take sizes use
   * {@link size}.
   *
   * @throws {MalformedBlock} when it runs past the end or over 10 bytes
   */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) break
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new MalformedBlock(`varint before offset ${this.at} expected to end within 10 bytes`)
  }

  /**
   * The next varint as an exact number of bytes.
   *
   * @throws {MalformedBlock} when it is over 2^53 - 1
   */
  size(): number {
    const value = this.varint()
    if (!Number.isSafeInteger(value))
      throw new MalformedBlock(`size before offset ${this.at} expected <= 2^53 - 1`)
    return value
  }

  /** The next varint as an exact 64-bit number; what goes beyond is cut, as proto3 has it. */
  uint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n && this.at < this.end; shift += 7n) {
      const byte = this.bytes[this.at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new MalformedBlock(`varint before offset ${this.at} expected to end within 10 bytes`)
  }

  /**
   * Length prefix of a bytes field: moves past the field and returns where its content ends, so
   * that the content is `[at - length, at)`.
   */
  skipBytes(): { readonly start: number; readonly end: number } {
    const length = this.size()
    const start = this.at
    if (length > this.end - start)
      throw new MalformedBlock(
        `field at offset ${start} expected ${length} bytes, ${this.end - start} are left`,
      )
    this.at = start + length
    return { start, end: this.at }
  }

  /** Moves past a field of any wire type that proto3 still uses. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 2) this.skipBytes()
    else if (wireType === 1) this.at += 8
    else if (wireType === 5) this.at += 4
    else throw new MalformedBlock(`wire type at offset ${this.at} expected 0, 1, 2 or 5`)
    if (this.at > this.end) throw new MalformedBlock(`field expected to end before ${this.end}`)
  }
}
