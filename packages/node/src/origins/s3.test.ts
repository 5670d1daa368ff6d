import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '@turnpike/core/result'
import fc from 'fast-check'
import { startTestOrigin } from '../testing/origin.ts'
import { isSigned, startTestS3, type TestS3Keys } from '../testing/s3.ts'
import { parseS3Address, s3Url } from './s3-address.ts'
import { listObjects, parseListing, type S3Object } from './s3-list.ts'
import { S3RangeReader } from './s3-reader.ts'
import type { S3Settings, S3Store } from './s3-store.ts'
import { HttpTransport } from './transport.ts'

const KEYS: TestS3Keys = { accessKeyId: 'key', secretAccessKey: 'secret/+', region: 'auto' }
const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => i & 0xff)
const NEVER = new AbortController().signal
const HARD_KEY = "2024/a b+c%20d&e=f?g#h!i'j(k)*ü€😀.car"

function storeOf(url: string, settings: Partial<S3Settings> = {}): S3Store {
  const { accessKeyId, secretAccessKey, region } = KEYS
  const credentials = { accessKeyId, secretAccessKey }
  return {
    settings: { endpoint: url, region, credentials, buckets: ['cars'], ...settings },
    transport: new HttpTransport({ allowPrivate: true, timeouts: { firstByteMs: 200 } }),
    clock: { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6), monotonicMs: () => 0 },
  }
}

async function read(store: S3Store, url: string) {
  const blob = { multihash: undefined, key: url, size: undefined, sites: [] }
  const site = { url, provider: '' }
  const target = new Uint8Array(10)
  const opened = await new S3RangeReader(store).open(blob, site, { first: 5, last: 14 }, NEVER)
  if (opened.error !== undefined) return { fault: opened.error, target }
  const filled = await opened.ok.fill(target)
  return { fault: filled.error, target }
}

test('the check of signatures agrees with the example of AWS, and rejects any change', () => {
  // AWS, "Signature Calculations for the Authorization Header", example GET Object.
  const keys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  }
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  }
  assert.equal(isSigned({ method: 'GET', url: '/test.txt', headers }, keys), true)
  assert.equal(isSigned({ method: 'PUT', url: '/test.txt', headers }, keys), false)
  assert.equal(isSigned({ method: 'GET', url: '/test.txt?a', headers }, keys), false)
  const other = { ...headers, range: 'bytes=0-8' }
  assert.equal(isSigned({ method: 'GET', url: '/test.txt', headers: other }, keys), false)
})

test('signed ranges of any key are read from a store that checks signatures', async () => {
  const s3 = await startTestS3({ keys: KEYS })
  const store = storeOf(s3.url)
  for (const key of ['a.car', HARD_KEY]) {
    s3.put('cars', key, BYTES)
    const { fault, target } = await read(store, `s3://cars/${key}`)
    assert.equal(fault, undefined, key)
    assert.deepEqual(target, BYTES.slice(5, 15))
  }
  assert.equal(s3.connections, 1)
  store.transport.close()
  await s3.close()
})

test('wrong or no credentials are OriginForbidden, a missing key OriginMissing', async () => {
  const s3 = await startTestS3({ keys: KEYS })
  s3.put('cars', 'a.car', BYTES)
  const wrong = { accessKeyId: 'key', secretAccessKey: 'other' }
  const { credentials: _, ...anonymous } = storeOf(s3.url).settings
  for (const settings of [{ ...anonymous, credentials: wrong }, anonymous]) {
    const store = { ...storeOf(s3.url), settings }
    const { fault } = await read(store, 's3://cars/a.car')
    assert.equal(fault?.name, 'OriginForbidden')
    assert.equal(fault.provider, 's3://cars')
    assert.doesNotMatch(fault.message, /other|a\.car/)
    store.transport.close()
  }
  const store = storeOf(s3.url)
  assert.equal((await read(store, 's3://cars/b.car')).fault?.name, 'OriginMissing')
  store.transport.close()
  await s3.close()
})

test('a bucket that is not configured is neither served nor asked', async () => {
  const s3 = await startTestS3()
  const store = storeOf(s3.url)
  const reader = new S3RangeReader(store)
  assert.deepEqual(
    ['s3://cars/a', 's3://others/a', 's3://cars/../others/a', 'https://cars/a'].map((url) =>
      reader.serves(url),
    ),
    [true, false, false, false],
  )
  assert.equal((await read(store, 's3://others/a')).fault?.name, 'OriginUnavailable')
  assert.equal(s3.requests.length, 0)
  store.transport.close()
  await s3.close()
})

test('addresses keep any key that S3 takes, and refuse what a URL would resolve away', () => {
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const key = segments.join('/')
      const address = parseS3Address(`s3://cars/${key}`)
      if (address === undefined) return assert.ok(key.split('/').some((s) => /^\.\.?$/.test(s)))
      assert.deepEqual(address, { bucket: 'cars', key })
      const url = s3Url('http://127.0.0.1:9/base/', address)
      assert.equal(url.search + url.hash, '')
      assert.equal(decodeURIComponent(url.pathname), `/base/cars/${key}`)
    }),
  )
  const longest = 'x'.repeat(1024)
  assert.equal(parseS3Address(`s3://cars/${longest}`)?.key, longest)
  for (const key of [`${longest}x`, 'a/../b', './a', '..', '\ud800'])
    assert.equal(parseS3Address(`s3://cars/${key}`), undefined)
  for (const address of ['s3://', 's3://a/b', 's3://UP/a', 's3://u@cars/a', 'http://cars/a'])
    assert.equal(parseS3Address(address), undefined, address)
  const hosted = s3Url('https://{bucket}.s3.example', { bucket: 'cars', key: 'a' })
  assert.equal(hosted.href, 'https://cars.s3.example/a')
})

async function listed(store: S3Store, prefix: string): Promise<Result<S3Object, Error>[]> {
  const objects: Result<S3Object, Error>[] = []
  for await (const object of listObjects(store, { bucket: 'cars', key: prefix }, NEVER))
    objects.push(object)
  return objects
}

test('a listing gives all keys under a prefix, page by page', async () => {
  const s3 = await startTestS3({ keys: KEYS, pageKeys: 3 })
  const store = storeOf(s3.url)
  const keys = [...Array.from({ length: 10 }, (_, i) => `2024/${i}.car`), HARD_KEY, '2024/\uffee😀']
  for (const key of [...keys, '2023/a.car', '2025/z']) s3.put('cars', key, BYTES)
  const objects = await listed(store, '2024/')
  const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  assert.deepEqual(
    objects.map(({ ok }) => ok),
    keys.toSorted(bytewise).map((key) => ({ key, sizeBytes: BYTES.length })),
  )
  assert.equal(s3.requests.length, 4)
  assert.deepEqual(await listed(store, 'none'), [])
  store.transport.close()
  await s3.close()
})

test('a listing that fails, lies or stalls ends with a fault', async () => {
  const answers: [string, number, string][] = [
    ['OriginForbidden', 403, ''],
    ['OriginUnavailable', 503, ''],
    ['OriginLied', 200, '<html>not a listing</html>'],
    ['OriginLied', 200, '<ListBucketResult><Contents><Key>%</Key></Contents></ListBucketResult>'],
    ['OriginLied', 200, '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'],
    ['OriginLied', 200, `<ListBucketResult>${' '.repeat(4 * 1024 * 1024)}</ListBucketResult>`],
    ['OriginTimeout', 200, 'stall'],
  ]
  for (const [name, status, body] of answers) {
    const s3 = await startTestOrigin({
      intercept(_, response) {
        response.writeHead(status)
        if (body === 'stall') response.write('<ListBucketResult>')
        else response.end(body)
        return true
      },
    })
    const store = storeOf(s3.url)
    const objects = await listed(store, '')
    assert.equal(objects.at(-1)?.error?.name, name, body.slice(0, 60))
    store.transport.close()
    await s3.close()
  }
})

test('keys of stores that do not know encoding-type are read as XML text', () => {
  const listing = (key: string): string =>
    `<ListBucketResult><Contents><Key>${key}</Key><Size>1</Size></Contents></ListBucketResult>`
  const keyOf = (key: string): string | undefined => parseListing(listing(key))?.ok.objects[0]?.key
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (key) => {
      const escaped = key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&#x3E;')
      assert.equal(keyOf(escaped), key)
    }),
  )
  assert.equal(keyOf('a+b%20&#33;&#x1F600;&quot;&apos;'), `a+b%20!😀"'`)
  for (const bad of ['&', '&nbsp;', '&#;', '&#x110000;']) assert.equal(keyOf(bad), undefined, bad)
})

test('any text is read as a listing or refused', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseListing(`<ListBucketResult>${text}`)))
  assert.equal(parseListing('<Error/>'), undefined)
})
