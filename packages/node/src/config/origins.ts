/**
 * S3-compatible stores as settings.
 * @module
 */
import { S3_STORES_MAX } from '@turnpike/core/limits'
import type { S3Settings } from '../origins/s3-store.ts'
import { httpUrl, json, type Kind } from './kinds.ts'

const FIELDS: ReadonlySet<string> = new Set([
  'endpoint',
  'region',
  'buckets',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
])
const EXPECTED =
  `at most ${S3_STORES_MAX} stores in JSON, each ` +
  '{"endpoint":"https://…","region":"…","buckets":["…"],"accessKeyId":"…","secretAccessKey":"…"}'

/** Stores that `s3:` addresses are read from. */
export const s3Stores: Kind<readonly S3Settings[]> = json(
  EXPECTED,
  (value) => {
    if (!Array.isArray(value) || value.length > S3_STORES_MAX) return undefined
    const stores = value.map(storeFromJson)
    return stores.every((store) => store !== undefined) ? stores : undefined
  },
  (stores) =>
    stores.map(({ endpoint, region, buckets, credentials }) => ({
      endpoint,
      region,
      buckets,
      ...(credentials && { accessKeyId: credentials.accessKeyId, secretAccessKey: '(hidden)' }),
    })),
)

function storeFromJson(value: unknown): S3Settings | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  if (Object.keys(fields).some((name) => !FIELDS.has(name))) return undefined
  const { endpoint, region, buckets, accessKeyId, secretAccessKey, sessionToken } = fields
  if (typeof endpoint !== 'string' || typeof region !== 'string') return undefined
  if (httpUrl.fromText(endpoint.replace('{bucket}', 'bucket')) === undefined) return undefined
  if (!isTexts(buckets) || buckets.length === 0) return undefined
  const store = { endpoint, region, buckets }
  if (accessKeyId === undefined && secretAccessKey === undefined) return store
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined
  if (sessionToken === undefined) return { ...store, credentials: { accessKeyId, secretAccessKey } }
  if (typeof sessionToken !== 'string') return undefined
  return { ...store, credentials: { accessKeyId, secretAccessKey, sessionToken } }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'string' && part !== '')
}
