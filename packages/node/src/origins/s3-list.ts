/**
 * Lists the objects of a bucket (S3 API, ListObjectsV2).
 * @module
 */
import { BUCKET_PAGE_BYTES_MAX, BUCKET_PAGES_MAX } from '@turnpike/core/limits/store'
import { statusFault } from '@turnpike/core/origin/range-response'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import { s3Url, type S3Address } from './s3-address.ts'
import { sendSigned, type S3Store } from './s3-store.ts'
import { closedFault, faultOfError, type OriginResponse } from './transport.ts'

/** One object of a bucket. */
export interface S3Object {
  readonly key: string
  readonly sizeBytes: number
}

/** One page of a listing, in the order of keys. */
export interface S3Page {
  readonly objects: readonly S3Object[]
  readonly isTruncated: boolean
}

/**
 * Objects whose keys start with `prefix.key`, page after page. A fault comes last.
 *
 * @example
 * for await (const object of listObjects(store, { bucket: 'cars', key: '2024/' }, signal)) {}
 */
export async function* listObjects(
  store: S3Store,
  prefix: S3Address,
  signal: AbortSignal,
): AsyncGenerator<Result<S3Object, OriginFault>, void, void> {
  const provider = `s3://${prefix.bucket}`
  let after = ''
  for (let page = 0; page < BUCKET_PAGES_MAX; page++) {
    const listed = await listPage(store, prefix, after, signal)
    if (listed.error !== undefined) return yield fail(listed.error)
    for (const object of listed.ok.objects) yield ok(object)
    if (!listed.ok.isTruncated) return
    const last = listed.ok.objects.at(-1)?.key ?? ''
    if (Buffer.compare(Buffer.from(last), Buffer.from(after)) <= 0)
      return yield fail(listFault(provider, 'keys after the last', 'older ones'))
    after = last
  }
  yield fail(listFault(provider, `at most ${BUCKET_PAGES_MAX} pages`, 'more'))
}

async function listPage(
  store: S3Store,
  prefix: S3Address,
  after: string,
  signal: AbortSignal,
): Promise<Result<S3Page, OriginFault>> {
  const provider = `s3://${prefix.bucket}`
  const url = s3Url(store.settings.endpoint, { bucket: prefix.bucket, key: '' })
  // XML can't carry all keys, so they are asked for percent-encoded.
  url.search = String(
    new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix: prefix.key }),
  )
  if (after !== '') url.searchParams.set('start-after', after)
  // `+` for a space is a form's way; S3 and its signature want %20.
  url.search = url.search.replaceAll('+', '%20')
  const sent = await sendSigned(store, { url, provider }, signal)
  if (sent.error !== undefined) return sent
  const status = sent.ok.response.statusCode ?? 0
  if (status !== 200) {
    sent.ok.request.destroy()
    return fail(statusFault(provider, status, 200))
  }
  const { firstByteMs } = store.transport.timeouts
  const text = await readText(sent.ok, { provider, deadlineMs: firstByteMs }, signal)
  if (text.error !== undefined) return fail(text.error)
  return parseListing(text.ok.text) ?? fail(listFault(provider, 'a listing', 'something else'))
}

/** Reads a whole body of at most `BUCKET_PAGE_BYTES_MAX` as UTF-8 within a deadline. */
function readText(
  origin: OriginResponse,
  options: { readonly provider: string; readonly deadlineMs: number },
  signal: AbortSignal,
): Promise<Result<{ text: string }, OriginFault>> {
  const { provider, deadlineMs } = options
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const end = (outcome: Result<{ text: string }, OriginFault>): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve(outcome)
      if (outcome.error !== undefined) origin.request.destroy()
    }
    const onAbort = (): void => end(fail(closedFault(provider)))
    const timer = setTimeout(() => {
      const message = `origin ${provider} expected to answer within ${deadlineMs} ms`
      end(fail(new OriginFault('OriginTimeout', provider, message)))
    }, deadlineMs)
    signal.addEventListener('abort', onAbort)
    origin.response.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > BUCKET_PAGE_BYTES_MAX)
        end(fail(listFault(provider, `at most ${BUCKET_PAGE_BYTES_MAX} bytes`, 'more')))
    })
    origin.response.on('end', () => end(ok({ text: Buffer.concat(chunks).toString() })))
    origin.response.on('error', (error) => end(fail(faultOfError(provider, error))))
  })
}

/**
 * Reads the fields of a listing that matter; undefined when the text is none. The schema is flat,
 * so nothing of XML but its tags and references is needed. Stores that don't know `encoding-type`
 * say so by leaving it out, and send keys as XML text.
 *
 * @example
 * parseListing('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
 */
export function parseListing(xml: string): { readonly ok: S3Page } | undefined {
  if (!/<ListBucketResult[\s>]/.test(xml)) return undefined
  const decode = /<EncodingType>url</.test(xml) ? decodeKey : decodeText
  const objects: S3Object[] = []
  for (const [, contents] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const text = /<Key>([^<]*)<\/Key>/.exec(contents!)?.[1]
    const key = text === undefined ? undefined : decode(text)
    const sizeBytes = Number(/<Size>(\d{1,16})<\/Size>/.exec(contents!)?.[1] ?? Number.NaN)
    if (key === undefined || !Number.isSafeInteger(sizeBytes)) return undefined
    objects.push({ key, sizeBytes })
  }
  return ok({ objects, isTruncated: /<IsTruncated>\s*true\s*</.test(xml) })
}

/** S3 encodes a space as `+` and a plus as `%2B`, others a space as `%20`. */
function decodeKey(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

/** XML text with its references resolved; undefined when one is none of XML's. */
function decodeText(text: string): string | undefined {
  let isGood = true
  const decoded = text.replace(/&([^;]{0,10});?/g, (_, name: string) => {
    const isHex = name.startsWith('#x')
    const code = name.startsWith('#')
      ? Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10)
      : -1
    const char = code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ENTITIES[name]
    isGood &&= char !== undefined
    return char ?? ''
  })
  return isGood ? decoded : undefined
}

function listFault(provider: string, expected: string, got: string): OriginFault {
  const message = `origin ${provider} expected to list ${expected}, got ${got}`
  return new OriginFault('OriginLied', provider, message)
}
