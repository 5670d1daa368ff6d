/**
 * Reads CAR files as they arrive, in chunks of any size.
 * @module
 */
import { fail, ok, type Result } from '../result.ts'
import {
  CarMalformed,
  parseCar,
  type CarBounds,
  type CarFrame,
  type CarHeader,
  type CarParser,
} from './decode.ts'

/** A CAR whose header has arrived. */
export interface CarReading {
  readonly header: CarHeader
  /**
   * Frames in order, once. After an error, which comes last, there are no more. Leaving the loop
   * ends the source.
   */
  readonly frames: AsyncIterable<Result<CarFrame, CarMalformed>>
}

/**
 * Reads a CAR from its chunks. It holds one chunk and at most one frame; chunks must stay as they
 * are while their frames are in use. Rejects only with what the source throws.
 *
 * @example
 * const car = await readCar(createReadStream('site.car'))
 * if (car.ok) for await (const frame of car.ok.frames) use(frame)
 */
export async function readCar(
  source: AsyncIterable<Uint8Array>,
  bounds?: CarBounds,
): Promise<Result<CarReading, CarMalformed>> {
  const chunks = source[Symbol.asyncIterator]()
  const parts = readParts(chunks, parseCar(bounds))
  const first = await parts.next()
  if (first.done) throw new TypeError('parser expected to give a header, got nothing')
  if (first.value.error) return first.value
  const frames = parts as AsyncIterable<Result<CarFrame, CarMalformed>>
  return ok({ header: first.value.ok as CarHeader, frames })
}

async function* readParts(
  chunks: AsyncIterator<Uint8Array>,
  parser: CarParser,
): AsyncGenerator<Result<CarHeader | CarFrame, CarMalformed>, void, void> {
  const feed = new Feed(chunks)
  let answer: Uint8Array = new Uint8Array()
  try {
    for (;;) {
      const { value, done } = parser.next(answer)
      if (done) return
      if (typeof value === 'number') answer = feed.at(value) ?? (await feed.gather(value))
      else yield ok(value)
    }
  } catch (error) {
    if (!(error instanceof CarMalformed)) throw error
    yield fail(error)
  } finally {
    await chunks.return?.()
  }
}

/** Bytes of a source, by number. */
class Feed {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #at = 0

  constructor(chunks: AsyncIterator<Uint8Array>) {
    this.#chunks = chunks
  }

  /** The next `length` bytes as a view, when the chunk at hand has them. */
  at(length: number): Uint8Array | undefined {
    if (this.#chunk.length - this.#at < length) return undefined
    this.#at += length
    return this.#chunk.subarray(this.#at - length, this.#at)
  }

  /** The next `length` bytes, copied from as many chunks as it takes; fewer at the end. */
  async gather(length: number): Promise<Uint8Array> {
    const gathered = new Uint8Array(length)
    for (let filled = 0; ;) {
      const part = this.#chunk.subarray(this.#at, this.#at + length - filled)
      gathered.set(part, filled)
      filled += part.length
      this.#at += part.length
      if (filled === length) return gathered
      const { value, done } = await this.#chunks.next()
      if (done) return gathered.subarray(0, filled)
      this.#chunk = value
      this.#at = 0
    }
  }
}
