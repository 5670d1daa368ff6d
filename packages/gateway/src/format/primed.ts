/**
 * Bodies whose first chunk is read before the answer's status is decided.
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { type Result, fail, ok } from '@turnpike/core/result'

/** A body with its first chunk at hand; null when it has none. */
export interface PrimedBody {
  readonly first: Uint8Array | null
  /** Hands out the first chunk, then the rest. It can be opened once. */
  readonly body: BodySource
}

/**
 * Opens a body and reads its first chunk, so that what can't be had is an error and not a broken
 * body.
 *
 * @returns whatever error reading the first chunk gave
 */
export async function primeBody(
  source: BodySource,
  signal: AbortSignal,
): Promise<Result<PrimedBody, Error>> {
  const reader = source.open(signal)
  try {
    const first = await readUnless(reader, signal)
    return ok({ first, body: primed(source, reader, first) })
  } catch (error) {
    reader.close()
    return fail(error as Error)
  }
}

/** The next chunk. The client may leave while it is waited for: then the body is closed. */
async function readUnless(reader: BodyReader, signal: AbortSignal): Promise<Uint8Array | null> {
  const read = reader.read()
  if (!(read instanceof Promise)) return read
  const close = (): void => reader.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close)
  try {
    return await read
  } finally {
    signal.removeEventListener('abort', close)
  }
}

function primed(source: BodySource, reader: BodyReader, first: Uint8Array | null): BodySource {
  let waiting: Uint8Array | null | undefined = first
  const read: BodyReader['read'] = () => {
    const chunk = waiting
    if (chunk === undefined) return reader.read()
    waiting = undefined
    return chunk
  }
  return { length: source.length, open: () => ({ read, close: () => reader.close() }) }
}
