/**
 * Which representation is asked for, by the query or by Accept.
 * @module
 */
import { type CarParams, parseCarParams } from './format/car-params.ts'
import { type ContentPath, type PathParts, shorten } from './parse-request.ts'
import { type Result, fail, ok } from '@turnpike/core/result'
import { type MediaType, parseAccept } from './accept.ts'
import type { GatewayRequest } from './request.ts'
import { RequestError } from './errors.ts'

/** Representations that can be asked for by name. */
export type Format =
  | 'raw'
  | 'car'
  | 'tar'
  | 'dag-json'
  | 'dag-cbor'
  | 'json'
  | 'cbor'
  | 'ipns-record'
  /** A blob as it is; a path of its own asks for it. */
  | 'blob'

/** What is asked for. */
export interface Wanted {
  /** Undefined is the default, which deserializes. */
  readonly format: Format | undefined
  /** Whether a page about data is wanted where the default would be the data. */
  readonly html: boolean
  /** How a CAR is to be made; present for one. */
  readonly car?: CarParams
}

/** What of a path decides. */
export type Negotiable = Pick<PathParts, 'params' | 'query' | 'site'> & Pick<ContentPath, 'isBlob'>

const FORMAT_BY_TYPE: ReadonlyMap<string, Format> = new Map([
  ['application/vnd.ipld.raw', 'raw'],
  ['application/vnd.ipld.car', 'car'],
  ['application/x-tar', 'tar'],
  ['application/vnd.ipld.dag-json', 'dag-json'],
  ['application/vnd.ipld.dag-cbor', 'dag-cbor'],
  ['application/json', 'json'],
  ['application/cbor', 'cbor'],
  ['application/vnd.ipfs.ipns-record', 'ipns-record'],
])
const FORMATS: ReadonlySet<string> = new Set(FORMAT_BY_TYPE.values())

/** Types for which the default is as good as any: it wins only where it is wanted more. */
const DEFAULT_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])

/** A header without any of these asks for the default; so do all browsers and most programs. */
const NAMED = /application\/(?:vnd\.ip(?:ld|fs)|x-tar|json|cbor)/i

const DEFAULT: { readonly ok: Wanted } = ok({ format: undefined, html: false })
const BLOB: { readonly ok: Wanted } = ok({ format: 'blob', html: false })
const PAGE: { readonly ok: Wanted } = ok({ format: undefined, html: true })

/**
 * Reads what representation a request asks for: `?format` wins over Accept (IPIP-523), of Accept
 * the type of the highest quality.
 *
 * @returns `NotAcceptable` for a format that does not exist, unless the host is a site's own, and
 * `InvalidRequest` for bad parameters
 * @example
 * negotiate(path, request).ok?.format // 'car'
 */
export function negotiate(path: Negotiable, request: GatewayRequest): Result<Wanted, RequestError> {
  if (path.isBlob) return BLOB
  const named = path.query === '' ? null : path.params.get('format')
  const accept = request.headers.get('accept')
  if (named === null) return ofAccept(path, accept)
  if (!FORMATS.has(named)) {
    // The query of a site on a host of its own is the site's: there it may mean anything.
    if (path.site.kind === 'path') return fail(unknown('format', named))
    return ofAccept(path, accept)
  }
  // Parameters in Accept count only where it names the same type.
  const types = named === 'car' && accept !== null ? parseAccept(accept) : []
  return wantedOf(
    path,
    named as Format,
    types.find(({ type }) => FORMAT_BY_TYPE.get(type) === named),
  )
}

function ofAccept(path: Negotiable, accept: string | null): Result<Wanted, RequestError> {
  if (accept === null) return DEFAULT
  if (NAMED.test(accept)) return byAccept(path, parseAccept(accept))
  return /text\/html/i.test(accept) ? byDefault(parseAccept(accept)) : DEFAULT
}

function byAccept(path: Negotiable, types: readonly MediaType[]): Result<Wanted, RequestError> {
  const chosen = types.find(({ type }) => FORMAT_BY_TYPE.has(type))
  const bestDefault = types.find(({ type }) => DEFAULT_TYPES.has(type))
  if (chosen === undefined) {
    const other = types.find(({ type }) => /^application\/vnd\.ip(?:ld|fs)\./.test(type))
    if (other === undefined || types.some(({ type }) => takesDefault(type))) return byDefault(types)
    return fail(unknown('Accept', other.type))
  }
  if (bestDefault !== undefined && bestDefault.quality > chosen.quality) return byDefault(types)
  return wantedOf(path, FORMAT_BY_TYPE.get(chosen.type)!, chosen)
}

/** HTML is for who names it, and wants nothing that a block might be more. */
function byDefault(types: readonly MediaType[]): { readonly ok: Wanted } {
  const html = types.find(({ type }) => type === 'text/html')
  const data = types.find(({ type }) => type === '*/*' || type === 'application/*')
  return html !== undefined && html.quality >= (data?.quality ?? 0) ? PAGE : DEFAULT
}

function takesDefault(type: string): boolean {
  return DEFAULT_TYPES.has(type) || type.endsWith('/*')
}

function wantedOf(
  path: Negotiable,
  format: Format,
  accepted: MediaType | undefined,
): Result<Wanted, RequestError> {
  if (format !== 'car') return ok({ format, html: false })
  const car = parseCarParams(path.params, accepted?.params)
  return car.error ? car : ok({ format, html: false, car: car.ok })
}

function unknown(where: string, got: string): RequestError {
  const known = [...FORMATS].join(', ')
  return new RequestError(
    'NotAcceptable',
    `unsupported response format: ${where} expected one of ${known}, got "${shorten(got)}"`,
  )
}
