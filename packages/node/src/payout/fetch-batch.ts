/**
 * Fetches a batch of receipts from the node that told of it, whole, to a file.
 * @module
 */
import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { BATCH_BYTES_MAX, BATCH_FETCH_MS_MAX } from '@turnpike/core/limits/payout'
import { bytesEqual } from '@turnpike/core/bytes'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import type { HttpTransport, OriginResponse } from '../origins/transport.ts'

/** A batch can't be had now, or what came is another one. Another time it may be different. */
export class BatchUnavailable extends Error {
  override readonly name = 'BatchUnavailable'
}

/** A batch is larger than any may be. */
export class BatchTooLarge extends Error {
  override readonly name = 'BatchTooLarge'
}

/** What to fetch, and where to. */
export interface BatchFetch {
  readonly url: URL
  /** SHA-256 of its bytes. */
  readonly digest: Uint8Array
  /** The file, which is overwritten. */
  readonly path: string
  readonly bytesMax?: number
  readonly timeoutMs?: number
}

/**
 * Fetches a batch. Redirects are not followed, its size and time are bounded, and it counts only
 * when its bytes have the hash in its CID.
 *
 * @example
 * const fetched = await fetchBatch({ url, digest, path }, transport, signal)
 */
export async function fetchBatch(
  { url, digest, path, bytesMax = BATCH_BYTES_MAX, timeoutMs = BATCH_FETCH_MS_MAX }: BatchFetch,
  transport: HttpTransport,
  signal: AbortSignal,
): Promise<Result<Unit, BatchUnavailable | BatchTooLarge>> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const headers = { accept: 'application/vnd.ipld.car', 'accept-encoding': 'identity' }
  const sent = await transport.send({ url, headers, provider: url.origin }, inTime)
  if (sent.error) return unavailable(sent.error.message)
  const { request, response } = sent.ok
  const { statusCode } = response
  if (statusCode !== 200) {
    request.destroy()
    return unavailable(`${url.origin} expected status 200, got ${statusCode}`)
  }
  const file = await open(path, 'w', 0o600)
  try {
    const got = await spool(sent.ok, file, { bytesMax, idleMs: transport.timeouts.idleMs }, inTime)
    if (got.error) return got
    if (bytesEqual(got.ok, digest)) return ok({})
    return unavailable(`${url.origin} expected the bytes of the batch, got others`)
  } finally {
    await file.close()
  }
}

/** Writes a body to a file; the SHA-256 of it. */
async function spool(
  { request, response }: OriginResponse,
  file: FileHandle,
  { bytesMax, idleMs }: { readonly bytesMax: number; readonly idleMs: number },
  signal: AbortSignal,
): Promise<Result<Uint8Array, BatchUnavailable | BatchTooLarge>> {
  const leave = (): void => void request.destroy()
  signal.addEventListener('abort', leave)
  response.setTimeout(idleMs, leave)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > bytesMax)
        return fail(new BatchTooLarge(`batch expected <= ${bytesMax} bytes, got more`))
      hash.update(chunk)
      await file.write(chunk)
    }
    return ok(new Uint8Array(hash.digest()))
  } catch (error) {
    return unavailable(`batch expected to come whole and in time, did not: ${String(error)}`)
  } finally {
    signal.removeEventListener('abort', leave)
    if (!response.readableEnded) leave()
  }
}

function unavailable(message: string): Result<never, BatchUnavailable> {
  return fail(new BatchUnavailable(message))
}
