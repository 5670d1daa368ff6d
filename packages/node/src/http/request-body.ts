/**
 * The body of a request, whole and bounded.
 * @module
 */
import type { IncomingMessage } from 'node:http'

/** Methods whose bodies may be read; those of others pass by. */
export const BODY_METHODS: ReadonlySet<string> = new Set(['PUT', 'POST'])

/**
 * Reads a body to its end; undefined when it has more than `bytesMax`, its client leaves, or
 * `signal` aborts. What is left of it passes by unread.
 *
 * @example
 * const body = await readBody(request, 10_240)
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    if (request.destroyed) return resolve(undefined)
    const parts: Uint8Array[] = []
    let bytes = 0
    const giveUp = (): void => {
      bytes = Infinity
      parts.length = 0
      resolve(undefined)
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    request.on('data', (part: Uint8Array) => {
      bytes += part.byteLength
      if (bytes <= bytesMax) parts.push(part)
      else giveUp()
    })
    request.once('end', () => resolve(new Uint8Array(Buffer.concat(parts))))
    request.once('close', () => resolve(undefined))
    request.resume()
  })
}
