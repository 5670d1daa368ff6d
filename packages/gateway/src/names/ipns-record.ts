/**
 * IPNS records as they are: `format=ipns-record`, and the Delegated Routing API.
 * Sources: trustless gateway specification, IPNS records; Delegated Routing V1 HTTP API, IPNS.
 * @module
 */
import { ipnsNameFromString, ipnsNameToString } from '@turnpike/core/ipns/name'
import { isInForce } from '@turnpike/core/ipns/validate'
import { IPNS_RECORD_BYTES_MAX } from '@turnpike/core/limits/names'
import type { Denylist } from '@turnpike/core/ports/deny'
import type { FoundRecord, NameRecords } from '@turnpike/core/ports/names'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import { type Result, fail, ok } from '@turnpike/core/result'
import { SHARED_AS_BROWSER, type SharedCaching, cdnLines } from '../caching.ts'
import { deniedBy } from '../deny/guard.ts'
import { RequestError } from '../errors.ts'
import { contentLocation } from '../format/content-location.ts'
import { bytesContent } from '../format/content.ts'
import { dispositionOf } from '../format/disposition.ts'
import { type Representation, serveContent } from '../format/serve.ts'
import type { HeaderLine } from '../meter.ts'
import { negotiate } from '../negotiate.ts'
import { type NamePath, shorten } from '../parse-request.ts'
import { plainAnswer } from '../plain-answer.ts'
import type { GatewayRequest } from '../request.ts'

/** Media type of a record. */
export const RECORD_TYPE = 'application/vnd.ipfs.ipns-record'

/** The record of one name, as a request asks for it. */
export interface RecordAsked {
  /** Canonical text of the name. */
  readonly text: string
  readonly multihash: Uint8Array
  readonly params: URLSearchParams
  /** For X-Ipfs-Path; undefined where the request is for no content path. */
  readonly contentPath: string | undefined
  /** Where else the record is, for who asked by Accept. */
  readonly location?: HeaderLine | undefined
}

/** What answering needs of the gateway. */
export interface RecordDeps {
  readonly nameRecords?: NameRecords
  readonly denylist?: Denylist
  readonly clock: Clock
  readonly hasher: Hasher
  readonly sharedCaching?: SharedCaching
}

/**
 * The record that a request for a name asks for, or false when it asks for content.
 *
 * @returns `InvalidRequest` for the record of what has none: a DNS name, or a path below a name
 */
export function recordAskedBy(
  path: NamePath,
  request: GatewayRequest,
): Result<RecordAsked | false, RequestError> {
  const wanted = negotiate(path, request)
  if (wanted.error) return wanted
  if (wanted.ok.format !== 'ipns-record') return ok(false)
  const key = ipnsNameFromString(path.candidates[0] ?? '')
  if (key === undefined || path.askedSegments.length > 0) return fail(noRecord())
  const { params, contentPath } = path
  const { multihash } = key
  const location = contentLocation(path, wanted.ok)
  return ok({ text: ipnsNameToString(multihash), multihash, params, contentPath, location })
}

/** The refusal of the record of anything but an IPNS name. */
export function noRecord(): RequestError {
  const message = 'ipns-record expected for /ipns/<key>, with no path below it and no DNS name'
  return new RequestError('InvalidRequest', message)
}

/**
 * Reads `/routing/v1/ipns/<name>`; undefined for another path.
 *
 * @returns `InvalidRequest` when the name is none
 */
export function routingRecord(parsed: URL): Result<RecordAsked, RequestError> | undefined {
  const text = /^\/routing\/v1\/ipns\/([^/]*)$/.exec(parsed.pathname)?.[1]
  if (text === undefined) return undefined
  const key = ipnsNameFromString(text)
  if (key === undefined) {
    const message = `name expected an IPNS key, got "${shorten(text)}"`
    return fail(new RequestError('InvalidRequest', message))
  }
  const { multihash } = key
  const params = new URLSearchParams()
  return ok({ text: ipnsNameToString(multihash), multihash, params, contentPath: undefined })
}

/** Answers a GET or HEAD for a record. One that is not to be believed is handed on, uncached. */
export async function recordAnswer(
  asked: RecordAsked,
  deps: RecordDeps,
  request: GatewayRequest,
): Promise<Result<Representation, Error>> {
  const { nameRecords, denylist, clock, hasher, sharedCaching = SHARED_AS_BROWSER } = deps
  const { text, multihash, params, contentPath, location } = asked
  const denied = deniedBy(denylist?.name(text, []))
  if (denied !== undefined) return fail(denied)
  if (nameRecords === undefined)
    return fail(new RequestError('NameNotFound', 'records expected to be served, are not here'))
  const found = await nameRecords.find(multihash, request.signal)
  if (found.error) return found
  const headers: HeaderLine[] = [
    dispositionOf(params, 'attachment', `${text}.ipns-record`),
    ['X-Content-Type-Options', 'nosniff'],
    ['Vary', 'Accept'],
  ]
  if (contentPath !== undefined) headers.push(['X-Ipfs-Path', contentPath])
  if (location !== undefined) headers.push(location)
  const { bytes } = found.ok
  const content = bytesContent(
    {
      status: 200,
      type: RECORD_TYPE,
      etag: `"${hexOf(hasher.sha256(bytes))}"`,
      headers,
      lifetime: 'unsaid',
      ranged: false,
      billable: false,
    },
    bytes,
  )
  const caching = cacheLines(found.ok, clock.nowMs(), sharedCaching)
  return serveContent(content, { request, hasher, caching, mutable: true })
}

/** Takes a record that somebody sends, where the operator lets them. */
export async function putRecord(
  { multihash }: RecordAsked,
  { nameRecords }: RecordDeps,
  request: GatewayRequest,
): Promise<Result<Representation, Error>> {
  if (nameRecords?.publish === undefined)
    return fail(new RequestError('NotPermitted', 'records are not taken here: see namePut'))
  const bytes = await request.readBody?.(IPNS_RECORD_BYTES_MAX)
  if (bytes === undefined) {
    const message = `record expected at most ${IPNS_RECORD_BYTES_MAX} bytes, got more or no end`
    return fail(new RequestError('InvalidRequest', message))
  }
  const published = await nameRecords.publish(multihash, bytes)
  return published.error ? published : ok(plainAnswer(200, [], ''))
}

function cacheLines(
  { record, ttlMs }: FoundRecord,
  nowMs: number,
  shared: SharedCaching,
): readonly HeaderLine[] {
  if (record === undefined || !isInForce(record, nowMs)) return [['Cache-Control', 'no-store']]
  if (ttlMs === undefined) return cdnLines(shared, undefined)
  const seconds = Math.floor(ttlMs / 1000)
  return [['Cache-Control', `public, max-age=${seconds}`], ...cdnLines(shared, seconds)]
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
