/**
 * One GET to a service that knows where content lies, its answer whole and bounded.
 * @module
 */
import { originOf } from '@turnpike/core/origin/address'
import { statusFault } from '@turnpike/core/origin/range-response'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import { faultOfError, type HttpTransport } from '../origins/transport.ts'

/** What is asked, and how much may come back. */
export interface Asking {
  readonly url: URL
  readonly accept: string
  readonly bytesMax: number
}

/** An answer of 200. */
export interface WholeAnswer {
  readonly type: string
  readonly bytes: Uint8Array
}

/**
 * Sends a GET and reads the answer. A 404 is an answer too: undefined in `ok`'s `found`. Any other
 * status than 200, a coded or cut body, and one that is too large are faults; the signal bounds
 * the time.
 *
 * @example
 * const asked = await getAnswer(transport, { url, accept: '*\/*', bytesMax: 4096 }, signal)
 */
export async function getAnswer(
  transport: Pick<HttpTransport, 'send'>,
  { url, accept, bytesMax }: Asking,
  signal: AbortSignal,
): Promise<Result<{ readonly found: WholeAnswer | undefined }, OriginFault>> {
  const provider = originOf(url.href)
  const headers = { accept, 'accept-encoding': 'identity' }
  const sent = await transport.send({ url, headers, provider }, signal)
  if (sent.error) return sent
  const { request, response } = sent.ok
  const abort = (): void => void request.destroy()
  signal.addEventListener('abort', abort, { once: true })
  // It may have been aborted just before.
  if (signal.aborted) abort()
  try {
    const { statusCode = 0, headers: got } = response
    if (statusCode === 404) return ok({ found: undefined })
    if (statusCode !== 200) return fail(statusFault(provider, statusCode, 200))
    if ((got['content-encoding'] ?? 'identity') !== 'identity')
      return fail(lied(provider, 'an answer that is not encoded'))
    const bytes = await readBody(response, bytesMax)
    if (bytes === undefined) return fail(lied(provider, `<= ${bytesMax} bytes, got more`))
    return ok({ found: { type: got['content-type'] ?? '', bytes } })
  } catch (error) {
    return fail(faultOfError(provider, error))
  } finally {
    signal.removeEventListener('abort', abort)
    request.destroy()
  }
}

/** Undefined when there is more. */
async function readBody(
  response: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response) {
    length += part.length
    if (length > bytesMax) return undefined
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function lied(provider: string, expected: string): OriginFault {
  return new OriginFault('OriginLied', provider, `origin ${provider} expected ${expected}`)
}
