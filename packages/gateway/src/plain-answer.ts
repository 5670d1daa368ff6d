/**
 * Answers that are not content: errors, refusals, OPTIONS.
 * @module
 */
import { type HeaderLine, type ReadRecorder, MeteredBody, type Answer } from './meter.ts'
import { errorPage, errorText } from './format/error-page.ts'
import { ReadEnded } from './executions.ts'
import { fail } from '@turnpike/core/result'
import { PAGE_HEADERS } from './format/page-style.ts'
import { FetchCapReached } from './admission/fetch-caps.ts'
import { prefersPage } from './accept.ts'
import type { Redirect } from './hosts/route.ts'
import type { GatewayRequest } from './request.ts'
import { RequestError, isAnswerable, statusOf } from './errors.ts'
import type { Representation } from './format/serve.ts'
import { bytesBody } from './format/content.ts'

/** Headers of every answer. Source: path gateway specification, CORS. */
export const COMMON_HEADERS: readonly HeaderLine[] = [
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Allow-Methods', 'GET, HEAD, PUT, OPTIONS'],
  [
    'Access-Control-Allow-Headers',
    'Authorization, Content-Type, Range, User-Agent, X-Agent-Message, X-Requested-With',
  ],
  [
    'Access-Control-Expose-Headers',
    'ETag, Accept-Ranges, Content-Location, Server-Timing, X-Receipt-Id, Content-Range, ' +
      'Content-Length, X-Ipfs-Path, X-Ipfs-Roots, X-Chunked-Output, X-Stream-Output, ' +
      'X-Agent-Message, X-UCAN-Cache-Expiry',
  ],
  ['Timing-Allow-Origin', '*'],
]
/** How long a browser may believe the answer of OPTIONS: a day, of which it takes what it likes. */
const MAX_AGE: HeaderLine = ['Access-Control-Max-Age', '86400']

const NO_STORE: HeaderLine = ['Cache-Control', 'no-store']
const NOSNIFF: HeaderLine = ['X-Content-Type-Options', 'nosniff']
const VARY: HeaderLine = ['Vary', 'Accept']
/** Statuses of what failed elsewhere, or for want of room, and may be well again soon. */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504, 507])
const RETRY_AFTER: HeaderLine = ['Retry-After', '10']
const SECOND_MS = 1000
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
export function redirectAnswer(
  { status, location }: Redirect,
  caching: readonly HeaderLine[],
): Representation {
  return plainAnswer(status, [['Location', location], ...caching], `moved to ${location}\n`)
}

/**
 * What an error tells the client: its message when it was foreseen, nothing of it otherwise. A
 * browser gets a page, anyone else a text. Nobody keeps it, and nobody is billed for it.
 */
export function errorAnswer(
  error: Error,
  { headers: asked }: Pick<GatewayRequest, 'headers'>,
  receiptId: string,
): Representation {
  const known = isAnswerable(error)
  const status = known ? statusOf(error.name) : 500
  const message = known ? clientMessage(error) : 'internal error: it was recorded, please report it'
  const own = error instanceof RequestError ? error.headers : []
  const again = PASSING.has(status) ? [retryAfter(error)] : []
  const kept = own.some(([name]) => name === 'Cache-Control')
  const headers = [...(kept ? [] : [NO_STORE]), VARY, ...again, ...own]
  if (!prefersPage(asked.get('accept'))) {
    const text = errorText({ status, message })
    return plainAnswer(status, [NOSNIFF, ...headers], text)
  }
  const body = bytesBody(utf8.encode(errorPage({ status, message, receiptId })))
  const described: HeaderLine[] = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(body.length)],
  ]
  const lines = [...described, ...PAGE_HEADERS, ...headers]
  return { status, headers: lines, body, billable: false, partial: false }
}

/** When what failed may be well again: the next day, or soon. */
function retryAfter(error: Error): HeaderLine {
  if (!(error instanceof FetchCapReached)) return RETRY_AFTER
  return ['Retry-After', String(Math.ceil(error.waitMs / SECOND_MS))]
}

/** Origins' messages name hosts and causes that are no business of a client's. */
function clientMessage(error: Error): string {
  if (error.name === 'OriginTimeout') return 'the origin of this content did not answer in time'
  if (error.name.startsWith('Origin')) return 'the origin of this content failed'
  if (error.name === 'LocatorTimeout') return 'nobody said in time where this content is'
  if (error.name === 'LocatorUnavailable') return 'those who know where this content is failed'
  // A missing block and absent content must not be told apart.
  return error.name === 'BlockMissing' ? 'content not found' : error.message
}

/** The answer of OPTIONS. */
export function optionsAnswer(): Representation {
  return plainAnswer(204, [['Allow', 'GET, HEAD, OPTIONS'], MAX_AGE], '')
}

/** Records nothing: for answers that have no entry of their own in the log. */
export const nobody: ReadRecorder = {
  start() {},
  mark() {},
  executed: () => fail(new ReadEnded()),
  end() {},
}

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
  const lines: HeaderLine[] = [['Retry-After', String(retryAfterSeconds)], NO_STORE, NOSNIFF]
  if (receiptId !== undefined) lines.push(['X-Receipt-Id', receiptId])
  const { status, headers, body } = plainAnswer(refusedAs, lines, text)
  return { status, headers: [...headers, ...COMMON_HEADERS], body: new MeteredBody(body, nobody) }
}
