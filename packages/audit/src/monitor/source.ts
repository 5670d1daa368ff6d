/**
 * Where a log's public files are read: below `/receipts` of a gateway, or of whoever mirrors it.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNED_LINE_BYTES_MAX } from '../signed-line.ts'

/** Bytes of any public file at most. */
export const PUBLIC_FILE_BYTES_MAX: number = SIGNED_LINE_BYTES_MAX
/** Time for one file. */
export const SOURCE_TIMEOUT_MS = 15_000
/** Times that a file is asked for while its server is busy, and the pause between them. */
export const SOURCE_TRIES_MAX = 3
const BUSY_PAUSE_MS = 1000

/** Reads public files by their path, such as `checkpoint` or `tile/0/000`. */
export interface PublicFiles {
  /**
   * Undefined when there is no such file.
   *
   * @throws {SourceFailed}
   */
  get(path: string): Promise<Uint8Array | undefined>
}

/** A file could not be had, or is not what it has to be: nothing can be said of the log. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed'
}

/**
 * Reads over HTTP. Redirects are not followed.
 *
 * @param url what the paths are below, such as `https://gateway.example/receipts`
 * @example
 * const files = httpFiles('https://gateway.example/receipts', signal)
 */
export function httpFiles(url: string, signal: AbortSignal): PublicFiles {
  const base = url.replace(/\/$/, '')
  return {
    async get(path) {
      const at = `${base}/${path}`
      try {
        const response = await asked(at, signal)
        if (response.status === 200) return await bounded(response)
        await response.body?.cancel()
        if (response.status === 404) return undefined
        throw new SourceFailed(`${at} expected status 200 or 404, got ${response.status}`)
      } catch (error) {
        if (error instanceof SourceFailed) throw error
        throw new SourceFailed(`${at} expected to be read, got ${reasonOf(error)}`, {
          cause: error,
        })
      }
    },
  }
}

async function asked(url: string, signal: AbortSignal): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(url, {
      redirect: 'error',
      headers: { 'cache-control': 'no-cache' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(SOURCE_TIMEOUT_MS)]),
    })
    if (response.status !== 503 || tries === SOURCE_TRIES_MAX) return response
    await response.body?.cancel()
    await sleep(BUSY_PAUSE_MS, undefined, { signal })
  }
}

async function bounded({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.length
    if (bytes > PUBLIC_FILE_BYTES_MAX) throw new RangeError(`> ${PUBLIC_FILE_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** `fetch` fails with "fetch failed" and puts the reason below. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
