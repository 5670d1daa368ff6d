/**
 * Answers that are not content: errors, refusals, OPTIONS.
 * @module
 */
import { type HeaderLine, type ReadRecorder, MeteredBody, type Answer } from './meter.ts'
import type { Redirect } from './hosts/route.ts'
import { RequestError, isAnswerable, statusOf } from './errors.ts'
import type { Representation } from './format/serve.ts'
import { bytesBody } from './format/content.ts'

/** Headers of every answer. Source: path gateway specification, CORS. */
export const COMMON_HEADERS: readonly HeaderLine[] = [
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Allow-Methods', 'GET, HEAD, PUT, OPTIONS'],
  ['Access-Control-Allow-Headers', 'Content-Type, Range, User-Agent, X-Requested-With'],
  [
    'Access-Control-Expose-Headers',
    'Content-Range, Content-Length, X-Ipfs-Path, X-Ipfs-Roots, X-Chunked-Output, ' +
      'X-Stream-Output, ETag, X-Receipt-Id',
  ],
]

const NO_STORE: HeaderLine = ['Cache-Control', 'no-store']
/** From this status on it is others that failed, who may be well again soon. */
const BAD_GATEWAY = 502
const RETRY_AFTER: HeaderLine = ['Retry-After', '10']
const utf8 = new TextEncoder()

/** A text answer, or an empty one for status 204. */
export function plainAnswer(
  status: number,
  headers: readonly HeaderLine[],
  text: string,
): Representation {
  const bytes = utf8.encode(text)
  const described: HeaderLine[] = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(bytes.length)],
  ]
  return {
    status,
    headers: status === 204 ? headers : [...described, ...headers],
    body: bytesBody(bytes),
    billable: false,
    partial: false,
  }
}

/** Where the same content is. */
export function redirectAnswer({ status, location }: Redirect): Representation {
  return plainAnswer(status, [['Location', location]], `moved to ${location}\n`)
}

/** What an error tells the client: its message when it was foreseen, nothing of it otherwise. */
export function errorAnswer(error: Error): Representation {
  if (!isAnswerable(error))
    return plainAnswer(500, [NO_STORE], 'internal error: it was recorded, please report it\n')
  const status = statusOf(error.name)
  const headers = error instanceof RequestError ? error.headers : []
  const again = status >= BAD_GATEWAY ? [RETRY_AFTER] : []
  const kept = headers.some(([name]) => name === 'Cache-Control')
  const lines = [...(kept ? [] : [NO_STORE]), ...again, ...headers]
  return plainAnswer(status, lines, `${clientMessage(error)}\n`)
}

/** Origins' messages name hosts and causes that are no business of a client's. */
function clientMessage(error: Error): string {
  if (error.name === 'OriginTimeout') return 'the origin of this content did not answer in time'
  if (error.name.startsWith('Origin')) return 'the origin of this content failed'
  // A missing block and absent content must not be told apart.
  return error.name === 'BlockMissing' ? 'content not found' : error.message
}

/** The answer of OPTIONS. */
export function optionsAnswer(): Representation {
  return plainAnswer(204, [['Allow', 'GET, HEAD, OPTIONS']], '')
}

const nobody: ReadRecorder = { start() {}, mark() {}, end() {} }

/** Without room in the journal nothing is served: this refusal is counted by a metric only. */
export function unrecordedAnswer(): Answer {
  const text = 'no room to record reads: try again later\n'
  return refusalAnswer(503, { retryAfterSeconds: 5, text })
}

/** The answer of a refusal that has no entry of its own in the log. */
export function refusalAnswer(
  refusedAs: number,
  refusal: {
    readonly retryAfterSeconds: number
    readonly text: string
    readonly receiptId?: string
  },
): Answer {
  const { retryAfterSeconds, text, receiptId } = refusal
  const lines: HeaderLine[] = [['Retry-After', String(retryAfterSeconds)], NO_STORE]
  if (receiptId !== undefined) lines.push(['X-Receipt-Id', receiptId])
  const { status, headers, body } = plainAnswer(refusedAs, lines, text)
  return { status, headers: [...headers, ...COMMON_HEADERS], body: new MeteredBody(body, nobody) }
}
