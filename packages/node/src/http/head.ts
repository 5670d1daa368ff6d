/**
 * Heads of responses, as Node writes them fastest: one flat array of names and values.
 * @module
 */
import type { Answer } from '@turnpike/gateway/meter'

const NO_CONTENT = 204
const NOT_MODIFIED = 304
const CONTENT_LENGTH = 'content-length'

/**
 * Whether a response ends with its head (RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5).
 *
 * @example
 * hasNoBody('HEAD', 200) // true
 */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === NO_CONTENT || status === NOT_MODIFIED
}

/**
 * Names and values of a response’s header fields. The length is the body’s alone, whatever the
 * answer's own lines say; Node adds Date, Connection and, without a length, Transfer-Encoding. An
 * answer to HEAD has no body, and its own lines say what GET would send (RFC 9110 section 8.6).
 * `X-Accel-Buffering: no` asks proxies not to take bytes that the reader may never want.
 *
 * @example
 * response.writeHead(answer.status, headOf(answer, 'GET'))
 */
export function headOf(answer: Answer, method: string): string[] {
  const lines: string[] = []
  let told: string | undefined
  for (const [name, value] of answer.headers) {
    if (name.length === CONTENT_LENGTH.length && name.toLowerCase() === CONTENT_LENGTH) told = value
    else lines.push(name, value)
  }
  const { status, body } = answer
  if (status === NO_CONTENT || status === NOT_MODIFIED) return lines
  const { length } = body
  if (method === 'HEAD') {
    const lengthOfGet = told ?? (length === 0 ? undefined : length)
    if (lengthOfGet !== undefined) lines.push('Content-Length', String(lengthOfGet))
    return lines
  }
  if (length !== undefined) lines.push('Content-Length', String(length))
  lines.push('X-Accel-Buffering', 'no')
  return lines
}
