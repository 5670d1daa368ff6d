/**
 * Requests to an S3-compatible store, signed with Signature Version 4.
 * @module
 */
import type { OriginFault } from '@turnpike/core/ports/blob'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Result } from '@turnpike/core/result'
import { AwsV4Signer } from 'aws4fetch'
import type { HttpTransport, OriginResponse } from './transport.ts'

/** A store, its credentials, and the buckets that may be read with them. */
export interface S3Settings {
  /** URL of the store; see `s3Url`. */
  readonly endpoint: string
  /** Region that signatures name: `auto` for R2, `us-east-1` for most others. */
  readonly region: string
  /** Without credentials, requests are not signed: for public buckets. */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** No other bucket is read, so that an address from others can't use the credentials. */
  readonly buckets: readonly string[]
}

/** What requests to a store need. The transport must trust an endpoint that is http or private. */
export interface S3Store {
  readonly settings: S3Settings
  readonly transport: HttpTransport
  readonly clock: Clock
}

/** Signing keys live a day; kept for the day, and the one before. */
const SIGNING_KEYS_MAX = 2
const signingKeys = new WeakMap<S3Settings, Map<string, ArrayBuffer>>()

/**
 * Headers that sign a GET of `url`. `Range` is not signed, so one signature fits all ranges.
 * Source: AWS, "Signature Version 4", header form with an unsigned payload.
 *
 * @example
 * const headers = await signedHeaders(store, s3Url(endpoint, { bucket: 'cars', key: 'a.car' }))
 */
export async function signedHeaders(store: S3Store, url: URL): Promise<Record<string, string>> {
  const { credentials, region } = store.settings
  if (credentials === undefined) return {}
  let cache = signingKeys.get(store.settings)
  if (cache === undefined || cache.size > SIGNING_KEYS_MAX) {
    cache = new Map()
    signingKeys.set(store.settings, cache)
  }
  const datetime = new Date(store.clock.nowMs()).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const signer = new AwsV4Signer({
    ...credentials,
    url: url.href,
    method: 'GET',
    service: 's3',
    region,
    cache,
    datetime,
  })
  return Object.fromEntries((await signer.sign()).headers)
}

/** Sends a signed GET. */
export async function sendSigned(
  store: S3Store,
  asked: { readonly url: URL; readonly provider: string },
  signal: AbortSignal,
): Promise<Result<OriginResponse, OriginFault>> {
  const headers = await signedHeaders(store, asked.url)
  return store.transport.send({ ...asked, headers }, signal)
}
