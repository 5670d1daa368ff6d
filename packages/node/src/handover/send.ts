/**
 * Sends batches over HTTP to the gateway that counts.
 * @module
 */
import { HandOnFailed, type SendBatch } from '@turnpike/accounting/handover/deliver'
import { ACK_TYPE } from '@turnpike/core/handover/ack'
import { BATCH_TYPE } from '@turnpike/core/handover/batch'
import { ACK_BYTES_MAX, BATCH_TIMEOUT_MS, REFUSAL_CHARS_MAX } from '@turnpike/core/limits/inbox'
import { fail, ok } from '@turnpike/core/result'
import type { HandTo } from '../config/handover.ts'

/** Where batches are taken, below a gateway's address. */
export const BATCHES_PATH = '/journal-batches'

/**
 * Makes a `SendBatch`. The address is the operator's own: it may be a private one. It must be
 * https, unless `allowHttp`, since what was read is nobody else's business; that the answer comes
 * from the right gateway is in its signature. No redirect is followed.
 *
 * @throws {RangeError} for an address that is not https
 * @example
 * const send = sendBatches({ did, url: 'https://main.example' }, { allowHttp: false })
 */
export function sendBatches(
  { url, did }: HandTo,
  { allowHttp }: { readonly allowHttp: boolean },
): SendBatch {
  const address = new URL(url.replace(/\/$/, '') + BATCHES_PATH)
  if (address.protocol !== 'https:' && !allowHttp)
    throw new RangeError(
      `"handTo" expected https, got ${url}: or set allowPrivateOrigins in a network of your own`,
    )
  return async (batch, signal) => {
    try {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': BATCH_TYPE, accept: ACK_TYPE },
        body: Buffer.from(batch),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(BATCH_TIMEOUT_MS)]),
      })
      const body = await bounded(response)
      if (response.status === 200) return ok(body)
      const said = new TextDecoder().decode(body.subarray(0, REFUSAL_CHARS_MAX)).trim()
      const got = `${response.status}: ${said}`
      const message = `${address} expected to take a batch for ${did}, got ${got}`
      return fail(new HandOnFailed(message))
    } catch (error) {
      const message = `${address} expected to be reached, got ${reasonOf(error)}`
      return fail(new HandOnFailed(message, { cause: error }))
    }
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
    if (bytes > ACK_BYTES_MAX) throw new RangeError(`an answer of more than ${ACK_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
