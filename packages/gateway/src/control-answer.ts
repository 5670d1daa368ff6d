/**
 * Answers of the control plane: receipts, DID documents, claims. They carry no content, belong to
 * no space and have no entry in the log; metrics count them.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { bytesBody } from './format/content.ts'
import { type Answer, type HeaderLine, MeteredBody } from './meter.ts'
import { COMMON_HEADERS, nobody } from './plain-answer.ts'

/** A whole answer that is not content. */
export interface ControlAnswer {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly body: Uint8Array
}

/** A body that is read piece by piece, of a length that is known. */
export type SizedBody = BodySource & { readonly length: number }

/** An answer whose body may be too large to be held in memory for each of many. */
export interface SizedAnswer extends Omit<ControlAnswer, 'body'> {
  readonly body: Uint8Array | SizedBody
}

/**
 * Puts an answer of the control plane in the form that adapters send, with CORS.
 *
 * @param methods what may be asked of its address, for `Access-Control-Allow-Methods`
 * @example
 * controlAnswer({ status: 200, headers: [], body }, 'GET, HEAD, OPTIONS')
 */
export function controlAnswer({ status, headers, body }: SizedAnswer, methods: string): Answer {
  const cors = COMMON_HEADERS.map(([name, value]): HeaderLine => {
    return [name, name === 'Access-Control-Allow-Methods' ? methods : value]
  })
  const length: HeaderLine = ['Content-Length', String(body.length)]
  const lines = [...headers, ['X-Content-Type-Options', 'nosniff'] as const, ...cors]
  return {
    status,
    headers: status === 204 ? lines : [...lines, length],
    body: new MeteredBody('open' in body ? body : bytesBody(body), nobody),
  }
}
