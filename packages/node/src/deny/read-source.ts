/**
 * Reading a denylist from a file or over HTTPS.
 * @module
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { DenylistMalformed } from '@turnpike/core/deny/header'
import { DenylistParser, type ParsedDenylist } from '@turnpike/core/deny/parse'
import { DENY_FETCH_TIMEOUT_MS, DENY_FILE_BYTES_MAX } from '@turnpike/core/limits/deny'
import { fail, ok, type Result } from '@turnpike/core/result'
import { nodeHasher } from '../hasher.ts'

/** A denylist's source could not be read, or gave no denylist: what was read before holds. */
export class DenySourceFailed extends Error {
  override readonly name = 'DenySourceFailed'
  readonly source: string
  constructor(source: string, message: string, cause?: unknown) {
    super(`denylist ${source}: ${message}`, { cause })
    this.source = source
  }
}

/** A source that was read: a list, or the word that it is the same as before. */
export type SourceRead =
  | { readonly unchanged: true }
  | { readonly unchanged: false; readonly list: ParsedDenylist; readonly etag: string | undefined }

/** How a source is read. */
export interface ReadSourceOptions {
  /** Tag of what was read last: an entity tag, or what tells a file from its changed self. */
  readonly etag: string | undefined
  /** Also over http:, for tests and private networks. */
  readonly allowHttp: boolean
  readonly signal: AbortSignal
  /** Bytes of the longest list that is read; `DENY_FILE_BYTES_MAX` unless told. */
  readonly bytesMax?: number
  /** Hears of bytes read, and of how many there are, where that is known. */
  readonly onProgress: (bytes: number, totalBytes: number | undefined) => void
}

/** Whether a source is an address, not a file. */
export function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/** A source as it may be told to anybody: an address without its query, which may hold a token. */
export function shownSource(source: string): string {
  return isAddress(source) ? source.replace(/[?#].*/s, '').replace(/\/\/[^/@]*@/, '//') : source
}

/**
 * Reads a denylist to its end. A redirect is not followed.
 *
 * @returns `DenySourceFailed` for whatever goes wrong, as when it is empty or no line of it is a
 *   rule: an error page must not take the place of a list
 * @example
 * const read = await readDenySource('https://badbits.dwebops.pub/badbits.deny', options)
 */
export async function readDenySource(
  source: string,
  options: ReadSourceOptions,
): Promise<Result<SourceRead, DenySourceFailed>> {
  const shown = shownSource(source)
  try {
    return isAddress(source) ? await readAddress(source, options) : await readFile(source, options)
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    return fail(new DenySourceFailed(shown, message, error))
  }
}

async function readFile(
  path: string,
  { etag, signal, onProgress, bytesMax }: ReadSourceOptions,
): Promise<Result<SourceRead, DenySourceFailed>> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true })
  const tag = `${ino} ${size} ${mtimeNs}`
  if (tag === etag) return ok({ unchanged: true })
  const stream = createReadStream(path, { highWaterMark: 256 * 1024, signal })
  const list = await parseAll(stream, bytesMax, (bytes) => onProgress(bytes, Number(size)))
  return ok({ unchanged: false, list, etag: tag })
}

async function readAddress(
  address: string,
  { etag, allowHttp, signal, onProgress, bytesMax }: ReadSourceOptions,
): Promise<Result<SourceRead, DenySourceFailed>> {
  const shown = shownSource(address)
  if (!allowHttp && !/^https:/i.test(address))
    return fail(new DenySourceFailed(shown, 'address expected https:, got http:'))
  const timeout = AbortSignal.timeout(DENY_FETCH_TIMEOUT_MS)
  const response = await fetch(address, {
    redirect: 'error',
    headers: etag === undefined ? {} : { 'If-None-Match': etag },
    signal: AbortSignal.any([signal, timeout]),
  })
  if (response.status === 304 && etag !== undefined) return ok({ unchanged: true })
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    return fail(new DenySourceFailed(shown, `status expected 200, got ${response.status}`))
  }
  // Of a body that is sent compressed the length says nothing.
  const length = response.headers.get('content-encoding') ? NaN : totalOf(response)
  const total = Number.isSafeInteger(length) ? length : undefined
  const list = await parseAll(response.body, bytesMax, (bytes) => onProgress(bytes, total))
  return ok({ unchanged: false, list, etag: response.headers.get('etag') ?? undefined })
}

function totalOf({ headers }: Response): number {
  return Number(headers.get('content-length') ?? NaN)
}

async function parseAll(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number = DENY_FILE_BYTES_MAX,
  onProgress: (bytes: number) => void,
): Promise<ParsedDenylist> {
  const parser = new DenylistParser(nodeHasher)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new RangeError(`expected <= ${bytesMax} bytes, got more`)
    const taken = parser.push(decoder.decode(chunk, { stream: true }))
    if (taken.error) throw taken.error
    onProgress(bytes)
  }
  // A list that is meant to be empty says so in a comment; nothing at all is a mishap.
  if (bytes === 0) throw new DenylistMalformed('denylist expected some text, got none')
  const last = parser.push(decoder.decode())
  const parsed = last.error ? last : parser.end()
  if (parsed.error) throw parsed.error
  const { table, refusedLines, firstRefusal } = parsed.ok
  if (table.ruleCount === 0 && refusedLines > 0)
    throw new DenylistMalformed(`denylist expected a rule, got none: ${firstRefusal}`)
  return parsed.ok
}
