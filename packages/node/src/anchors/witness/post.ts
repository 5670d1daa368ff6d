/**
 * Posts to witnesses: to public addresses by https, following nothing, within bounds.
 * @module
 */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { WITNESS_ANSWER_BYTES_MAX } from '@turnpike/core/limits/receipts'
import { AnchorUnavailable } from '@turnpike/core/ports/anchor'
import { fail, ok, type Result } from '@turnpike/core/result'
import { publicLookup, refusalOf } from '../../origins/address.ts'

/** How posts are sent. */
export interface PostOptions {
  /** Lets addresses be http, or private. */
  readonly allowPrivate: boolean
  /** Aborts it. */
  readonly signal: AbortSignal
}

/** An answer, whole. */
export interface Posted {
  readonly status: number
  /** Its content type; empty when there is none. */
  readonly type: string
  readonly body: Uint8Array
}

/**
 * Posts a body once.
 *
 * @example
 * const { ok: answer, error } = await post(url, body, { allowPrivate: false, signal })
 */
export async function post(
  url: URL,
  body: Uint8Array,
  { allowPrivate, signal }: PostOptions,
): Promise<Result<Posted, AnchorUnavailable>> {
  const refusal = allowPrivate ? undefined : refusalOf(url)
  if (refusal !== undefined) return unavailable(`${url.origin} expected ${refusal}`)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const sent = request(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length },
    agent: false,
    signal,
    ...(allowPrivate ? {} : { lookup: publicLookup() }),
  })
  try {
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode: status = 0, headers } = response
    return ok({ status, type: headers['content-type'] ?? '', body: await bounded(response) })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return unavailable(`${url.origin} expected to answer, got ${reason}`, error)
  } finally {
    sent.destroy()
  }
}

async function bounded(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > WITNESS_ANSWER_BYTES_MAX)
      throw new RangeError(`more than ${WITNESS_ANSWER_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function unavailable(message: string, cause?: unknown): Result<never, AnchorUnavailable> {
  return fail(new AnchorUnavailable(message, cause === undefined ? undefined : { cause }))
}
