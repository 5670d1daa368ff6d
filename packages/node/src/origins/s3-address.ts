/**
 * Addresses of objects in S3-compatible stores: `s3://bucket/key`, the key as it is, not
 * percent-encoded, as S3's own tools write it.
 * @module
 */

/** A bucket and what it is asked for: an object's key, or a prefix of keys. */
export interface S3Address {
  readonly bucket: string
  readonly key: string
}

/** S3's bounds: bucket names of 3 to 63 characters, keys of at most 1,024 bytes. */
const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s
const KEY_BYTES_MAX = 1024

/**
 * Takes an address apart; undefined when it is none, or its key can't be sent: longer than 1,024
 * bytes, not Unicode, or with a `.` or `..` segment, which URLs resolve away.
 *
 * @example
 * parseS3Address('s3://cars/2024/a.car') // { bucket: 'cars', key: '2024/a.car' }
 */
export function parseS3Address(address: string): S3Address | undefined {
  const match = ADDRESS.exec(address)
  if (match === null) return undefined
  const key = match[2] ?? ''
  if (!key.isWellFormed() || new TextEncoder().encode(key).length > KEY_BYTES_MAX) return undefined
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) return undefined
  return { bucket: match[1]!, key }
}

/**
 * URL of an object, or of its bucket when the key is empty. An endpoint with `{bucket}` in it puts
 * the bucket there (virtual-hosted style), any other has it as first path segment.
 *
 * @throws {TypeError} when the endpoint is no URL
 * @example
 * s3Url('https://s3.example', { bucket: 'cars', key: 'a b.car' }).pathname // '/cars/a%20b.car'
 */
export function s3Url(endpoint: string, address: S3Address): URL {
  const hosted = endpoint.includes('{bucket}')
  const base = endpoint.replace('{bucket}', address.bucket).replace(/\/$/, '')
  const path = address.key.split('/').map(encodeURIComponent).join('/')
  return new URL(hosted ? `${base}/${path}` : `${base}/${address.bucket}/${path}`)
}
