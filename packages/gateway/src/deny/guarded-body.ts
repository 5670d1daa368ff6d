/**
 * Bodies that end at once when what they stand on is denied while they are sent.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import type { Representation } from '../format/serve.ts'
import type { Observer } from '../observer.ts'
import { ContentDenied, type ReadGuard } from './guard.ts'

/**
 * A body that fails, and so breaks its connection, before the chunk that follows a change of the
 * lists which denies it.
 *
 * @param onDenied hears why, if it is a list that ends the body
 */
export function guardedBody(
  source: BodySource,
  guard: ReadGuard,
  onDenied: (reason: string) => void,
): BodySource {
  return {
    length: source.length,
    open(signal) {
      const reader = source.open(signal)
      const check = (chunk: Uint8Array | null): Uint8Array | null => {
        const denied = guard.again()
        if (denied === undefined) return chunk
        reader.close()
        throw tell(denied)
      }
      const tell = (error: unknown): unknown => {
        if (error instanceof ContentDenied) onDenied(error.reason)
        return error
      }
      // Checked when the chunk is there: it may have been waited for, for long.
      const read = (): Awaitable<Uint8Array | null> => {
        const chunk = reader.read()
        if (!(chunk instanceof Promise)) return check(chunk)
        return chunk.then(check, (error: unknown) => {
          throw tell(error)
        })
      }
      return { read, close: () => reader.close() }
    },
  }
}

/** An answer that ends when what it stands on is denied, be it before its first byte or later. */
export function guarded(
  served: Result<Representation, Error>,
  guard: ReadGuard,
  observer: Observer,
): Result<Representation, Error> {
  if (served.error) return served
  const { body } = served.ok
  const denied = guard.again()
  if (denied === undefined) {
    const onDenied = (reason: string): void => observer.denied(reason)
    return ok({ ...served.ok, body: guardedBody(body, guard, onDenied) })
  }
  // Its first chunk was read already, and holds buffers.
  body.open(AbortSignal.abort()).close()
  return fail(denied)
}
