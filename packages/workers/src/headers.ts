/**
 * Header fields of responses from a Worker.
 * @module
 */
import type { Answer } from '@turnpike/gateway/meter'
import { COMMON_HEADERS } from '@turnpike/gateway/plain-answer'

/**
 * An answer's fields. Content-Length is left to the body, which alone decides it here, except for
 * HEAD, that has none. `no-transform` keeps Cloudflare from compressing what was counted.
 *
 * @example
 * new Response(readable, { status, headers: headersOf(answer) })
 */
export function headersOf(answer: Answer, method = 'GET'): Headers {
  const headers = new Headers()
  for (const [name, value] of answer.headers) headers.append(name, value)
  if (method !== 'HEAD') headers.delete('Content-Length')
  headers.append('Cache-Control', 'no-transform')
  return headers
}

/** Fields of a text that goes out in place of the answer's body. */
export function refusalHeadersOf(answer: Answer): Headers {
  const headers = new Headers()
  for (const [name, value] of COMMON_HEADERS) headers.append(name, value)
  const receipt = answer.headers.find(([name]) => name === 'X-Receipt-Id')
  if (receipt !== undefined) headers.append(...receipt)
  headers.set('Content-Type', 'text/plain; charset=utf-8')
  headers.set('Cache-Control', 'no-store, no-transform')
  return headers
}
