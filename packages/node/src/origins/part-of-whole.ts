/**
 * A range of what an origin sends whole, for origins that know no ranges.
 * @module
 */
import { ORIGIN_SKIP_STEP_BYTES } from '@turnpike/core/limits'
import { statusFault } from '@turnpike/core/origin/range-response'
import { OriginFault, type BlobStream } from '@turnpike/core/ports/blob'
import { rangeLength } from '@turnpike/core/range'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import type { RangeQuery } from './range-request.ts'
import { RangeStream } from './range-stream.ts'
import type { OriginResponse } from './transport.ts'

/**
 * Reads a range out of an answer of 200: what comes before it is passed over, the transfer ends
 * with it. Refused when more than `skipBytesMax` would be passed over, or the answer does not say
 * how long it is.
 *
 * @param idleMs patience with silence, as for ranges
 */
export function partOfWhole(
  query: RangeQuery & { readonly skipBytesMax: number },
  sent: OriginResponse,
  idleMs: number,
  signal: AbortSignal,
): Result<BlobStream, OriginFault> {
  const { provider, range, size, skipBytesMax } = query
  const { statusCode = 0, headers } = sent.response
  if (statusCode !== 200) return fail(statusFault(provider, statusCode))
  const length = Number(headers['content-length'])
  const encoding = headers['content-encoding'] ?? 'identity'
  const isRight = encoding === 'identity' && (size === undefined || size === length)
  if (!Number.isSafeInteger(length) || length <= range.last || !isRight)
    return fail(lied(provider, 'a whole of known length, not encoded'))
  if (range.first > skipBytesMax)
    return fail(lied(provider, `a range, or what begins within ${skipBytesMax} bytes`))
  return ok(new Part(new RangeStream({ provider, length, idleMs }, sent, signal), query))
}

function lied(provider: string, expected: string): OriginFault {
  const message = `origin ${provider} expected to answer ${expected}, got status 200`
  return new OriginFault('OriginLied', provider, message)
}

class Part implements BlobStream {
  readonly #whole: RangeStream
  readonly #provider: string
  #skipBytes: number
  #restBytes: number

  constructor(whole: RangeStream, { provider, range }: RangeQuery) {
    this.#whole = whole
    this.#provider = provider
    this.#skipBytes = range.first
    this.#restBytes = rangeLength(range)
  }

  async fill(target: Uint8Array): Promise<Result<Unit, OriginFault>> {
    if (target.length > this.#restBytes) {
      this.close()
      return fail(lied(this.#provider, `a reader of <= ${this.#restBytes} more bytes`))
    }
    while (this.#skipBytes > 0) {
      const step = new Uint8Array(Math.min(ORIGIN_SKIP_STEP_BYTES, this.#skipBytes))
      const skipped = await this.#whole.fill(step)
      if (skipped.error) return skipped
      this.#skipBytes -= step.length
    }
    const filled = await this.#whole.fill(target)
    if (filled.error) return filled
    this.#restBytes -= target.length
    return filled
  }

  close(): void {
    this.#whole.close()
  }
}
