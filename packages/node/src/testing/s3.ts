/**
 * A small S3-compatible store for tests: checks each signature by itself, serves ranges, lists.
 * @module
 */
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  startTestOrigin,
  type TestBlob,
  type TestOrigin,
  type TestOriginOptions,
} from './origin.ts'

/** Whose signatures the store accepts, and for which region. */
export interface TestS3Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** A running test store. `put` takes a bucket and a key; requests are path-style. */
export interface TestS3 extends Omit<TestOrigin, 'put'> {
  put(bucket: string, key: string, blob: TestBlob): void
}

/** Options of a test store. */
export interface TestS3Options extends TestOriginOptions {
  /** Without keys, anybody may read. */
  readonly keys?: TestS3Keys
  /** Keys of one page of a listing. */
  readonly pageKeys?: number
}

/**
 * Starts a store on a free port of the loopback.
 *
 * @example
 * const store = await startTestS3({ keys })
 * store.put('cars', 'a b.car', bytes)
 */
export async function startTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const objects = new Map<string, Map<string, number>>()
  const origin = await startTestOrigin({
    ...options,
    intercept(request, response) {
      if (options.keys !== undefined && !isSigned(request, options.keys)) {
        response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
        return true
      }
      const url = new URL(request.url ?? '', 'http://s3')
      if (url.searchParams.get('list-type') !== '2') return false
      list(url, objects.get(url.pathname.split('/')[1]!), options.pageKeys ?? 1000, response)
      return true
    },
  })
  const put = (bucket: string, key: string, blob: TestBlob): void => {
    const keys = objects.get(bucket) ?? new Map<string, number>()
    objects.set(bucket, keys.set(key, blob instanceof Uint8Array ? blob.length : blob.size))
    origin.put(`/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`, blob)
  }
  return Object.defineProperties(
    { ...origin, put },
    { connections: { get: () => origin.connections } },
  )
}

function list(
  url: URL,
  objects: ReadonlyMap<string, number> | undefined,
  pageKeys: number,
  response: ServerResponse,
): void {
  if (objects === undefined) return void response.writeHead(404).end()
  const prefix = url.searchParams.get('prefix') ?? ''
  const after = url.searchParams.get('start-after') ?? ''
  const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(prefix) && bytewise(key, after) > 0)
    .toSorted(bytewise)
  const contents = keys
    .slice(0, pageKeys)
    .map((key) => {
      const size = objects.get(key)
      const encoded = encodeURIComponent(key).replaceAll('%20', '+')
      return `<Contents><Key>${encoded}</Key><Size>${size}</Size></Contents>`
    })
    .join('')
  const isTruncated = keys.length > pageKeys
  const fields = `<IsTruncated>${isTruncated}</IsTruncated><EncodingType>url</EncodingType>`
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(
    `<?xml version="1.0"?><ListBucketResult xmlns="x">${fields}${contents}</ListBucketResult>`,
  )
}

/** What of a request a signature covers. */
export type SignedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/**
 * Whether a request bears the right signature (AWS Signature Version 4, header form), computed
 * from what arrived, independently of the code that signs.
 */
export function isSigned(request: SignedRequest, keys: TestS3Keys): boolean {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/
  const match = form.exec(request.headers.authorization ?? '')
  if (match === null) return false
  const [, credential, signedHeaders, signature] = match
  const date = header(request, 'x-amz-date')
  const scope = `${date.slice(0, 8)}/${keys.region}/s3/aws4_request`
  if (credential !== `${keys.accessKeyId}/${scope}`) return false
  const names = signedHeaders!.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name)))
    return false
  const [path, search] = (request.url ?? '').split('?')
  const canonical = [
    request.method,
    path!.split('/').map(recode).join('/'),
    (search ?? '').split('&').filter(Boolean).map(recodePair).toSorted().join('&'),
    ...names.map((name) => `${name}:${header(request, name).trim()}`),
    '',
    signedHeaders,
    header(request, 'x-amz-content-sha256'),
  ].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, digest].join('\n')
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest()
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`)
  return hmac(key, toSign).toString('hex') === signature
}

function header(request: SignedRequest, name: string): string {
  return String(request.headers[name] ?? '')
}

/** Percent-encodes all but RFC 3986's unreserved characters, whatever was encoded before. */
function recode(text: string): string {
  return encodeURIComponent(decodeURIComponent(text)).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function recodePair(pair: string): string {
  const [name, value] = pair.split('=')
  return `${recode(name!)}=${recode(value ?? '')}`
}
