/**
 * Bodies that end at once when what they stand on is denied while they are sent.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import type { Awaitable } from '@turnpike/core/result'
import type { ReadGuard } from './guard.ts'

/**
 * A body that fails, and so breaks its connection, before the chunk that follows a change of the
 * lists which denies it.
 */
export function guardedBody(source: BodySource, guard: ReadGuard): BodySource {
  return {
    length: source.length,
    open(signal) {
      const reader = source.open(signal)
      const check = (chunk: Uint8Array | null): Uint8Array | null => {
        const denied = guard.again()
        if (denied === undefined) return chunk
        reader.close()
        throw denied
      }
      // Checked when the chunk is there: it may have been waited for, for long.
      const read = (): Awaitable<Uint8Array | null> => {
        const chunk = reader.read()
        return chunk instanceof Promise ? chunk.then(check) : check(chunk)
      }
      return { read, close: () => reader.close() }
    },
  }
}
