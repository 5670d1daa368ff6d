/**
 * Posts agent messages to the service of an operator's choice.
 * Source: ucanto over HTTP with CARs (`@ucanto/transport/car`).
 * @module
 */
import type { PostFault } from '@turnpike/accounting/egress/send'
import { EGRESS_SENT_TIMEOUT_MS, RECEIPTS_BYTES_MAX } from '@turnpike/core/limits/queue'
import { fail, ok, type Result } from '@turnpike/core/result'

/** Nothing came back that could have receipts in it. */
export class PostFailed extends Error implements PostFault {
  override readonly name = 'PostFailed'
  /** Undefined when there was no answer. */
  readonly status: number | undefined
  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
  }
}

const CAR = 'application/vnd.ipld.car'

/**
 * Posts a message. No redirect is followed, and no more is read than receipts need.
 *
 * @example
 * const answer = await postMessage('https://up.example', body, signal)
 */
export async function postMessage(
  url: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Result<Uint8Array, PostFailed>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': CAR, accept: CAR },
      body: Buffer.from(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(EGRESS_SENT_TIMEOUT_MS)]),
    })
    const answer = await bounded(response)
    if (response.status === 200) return ok(answer)
    const said = new TextDecoder().decode(answer.subarray(0, 200)).trim()
    const message = `${url} expected to answer with receipts, got ${response.status}: ${said}`
    return fail(new PostFailed(message, response.status))
  } catch (error) {
    const message = `${url} expected to be reached, got ${reasonOf(error)}`
    return fail(new PostFailed(message, undefined, error))
  }
}

/** `fetch` fails with "fetch failed" and puts the reason below. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

async function bounded({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.length
    if (bytes > RECEIPTS_BYTES_MAX)
      throw new RangeError(`an answer of more than ${RECEIPTS_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
