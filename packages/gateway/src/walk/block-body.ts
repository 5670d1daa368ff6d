/**
 * One block's bytes, whatever its codec.
 * @module
 */
import type { BodyReader } from '@turnpike/core/body'
import type { BlockSession } from '../blocks/session.ts'
import type { ByteRange } from '@turnpike/core/range'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { HeldBlock } from '../blocks/block-item.ts'
import type { Link } from '@turnpike/core/link'
import { Lookahead } from '../blocks/lookahead.ts'
import { ReadClosed } from '../blocks/errors.ts'

const nothing = (): readonly Link[] => []

/**
 * Reads a range of one block. It is verified whole before its first byte; one that is too large for
 * that is read chunk by chunk, if our own store verified it as a blob when it came.
 */
export class BlockReader implements BodyReader {
  readonly #session: BlockSession
  readonly #link: Link
  readonly #range: ByteRange
  readonly #signal: AbortSignal
  readonly #lookahead: Lookahead
  #started = false
  #closed = false
  #held: HeldBlock | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #whole: BodyReader | undefined

  constructor(session: BlockSession, link: Link, range: ByteRange, signal: AbortSignal) {
    this.#session = session
    this.#link = link
    this.#range = range
    this.#signal = signal
    this.#lookahead = new Lookahead(session)
  }

  async read(): Promise<Uint8Array | null> {
    if (!this.#started) {
      this.#started = true
      await this.#start()
    }
    if (this.#whole !== undefined) return this.#whole.read()
    const chunk = this.#rest.subarray(0, CHUNK_BYTES_MAX)
    this.#rest = this.#rest.subarray(chunk.length)
    return chunk.length > 0 ? chunk : null
  }

  close(): void {
    this.#closed = true
    this.#rest = new Uint8Array(0)
    this.#held?.release()
    this.#held = undefined
    this.#whole?.close()
    this.#lookahead.close()
  }

  async #start(): Promise<void> {
    const denied = this.#session.guard.block(this.#link)
    if (denied !== undefined) throw denied
    const asked = this.#session.openWhole(this.#link, this.#range)
    const whole = asked instanceof Promise ? await asked : asked
    if (whole?.error) throw whole.error
    if (whole === undefined) await this.#takeBlock()
    else {
      this.#session.fetched++
      this.#whole = whole.ok.open(this.#signal)
    }
    if (!this.#closed) return
    this.close()
    throw new ReadClosed()
  }

  async #takeBlock(): Promise<void> {
    const taken = await this.#lookahead.take(this.#link, nothing)
    if (taken.error) throw taken.error
    this.#held = taken.ok
    this.#rest = taken.ok.bytes.subarray(this.#range.first, this.#range.last + 1)
  }
}
