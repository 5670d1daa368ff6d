/**
 * Finds the CARs that an operator names: a file, a folder, a URL, an object, a prefix in a bucket.
 * @module
 */
import { originOf } from '@turnpike/core/origin/address'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import { glob, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openRange } from '../origins/range-request.ts'
import { parseS3Address, s3Url } from '../origins/s3-address.ts'
import { listObjects } from '../origins/s3-list.ts'
import { signedHeaders, type S3Store } from '../origins/s3-store.ts'
import type { HttpTransport } from '../origins/transport.ts'
import type { CarSource } from './sink.ts'

/** An address names nothing that can be indexed. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  constructor(expected: string, got: string) {
    super(`address expected ${expected}, got ${got}`)
  }
}

/** Where CARs may be looked for. */
export interface Origins {
  readonly transport: HttpTransport
  readonly stores: readonly S3Store[]
}

type Found = Result<CarSource, AddressRefused | OriginFault>

/**
 * CARs at an address, in a stable order. A folder or prefix gives every `.car` file under it. A
 * failure comes last. Sites of files and of objects are `file:` and `s3:` addresses.
 *
 * @example
 * for await (const car of findCars(origins, 's3://bucket/2024/', signal)) if (car.ok) index(car.ok)
 */
export async function* findCars(
  origins: Origins,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Found, void, void> {
  let count = 0
  for await (const found of search(origins, address, signal)) {
    yield found
    if (found.error !== undefined) return
    count++
  }
  if (count === 0) yield fail(new AddressRefused('at least one .car file', 'none'))
}

function search(
  origins: Origins,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Found, void, void> {
  if (/^https?:/i.test(address)) return fromHttp(origins, address, signal)
  if (/^s3:/i.test(address)) return fromS3(origins, address, signal)
  return fromFiles(address)
}

async function* fromFiles(address: string): AsyncGenerator<Found, void, void> {
  try {
    const path = /^file:/i.test(address) ? fileURLToPath(address) : resolve(address)
    const found = await stat(path)
    if (found.isFile()) return yield ok(fileSource(path, found.size))
    if (!found.isDirectory())
      return yield fail(new AddressRefused('a file or a folder', `neither: ${address}`))
    const names: string[] = []
    for await (const name of glob('**/*.car', { cwd: path })) names.push(name)
    for (const name of names.toSorted()) {
      const file = join(path, name)
      const { size } = await stat(file)
      yield ok(fileSource(file, size))
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    yield fail(new AddressRefused('a readable file or folder', `${code}: ${address}`))
  }
}

function fileSource(path: string, sizeBytes: number): CarSource {
  return { site: { url: pathToFileURL(path).href, provider: '' }, sizeBytes }
}

async function* fromHttp(
  origins: Origins,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Found, void, void> {
  const url = URL.parse(address)
  if (url === null) return yield fail(new AddressRefused('a URL', address))
  const site = { url: url.href, provider: originOf(url.href) }
  yield probe(origins.transport, { url, headers: {} }, site, signal)
}

async function* fromS3(
  origins: Origins,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Found, void, void> {
  const target = parseS3Address(address)
  if (target === undefined) return yield fail(new AddressRefused('s3://bucket/key', address))
  const { bucket } = target
  const store = origins.stores.find(({ settings }) => settings.buckets.includes(bucket))
  if (store === undefined)
    return yield fail(new AddressRefused('a bucket of a configured store', bucket))
  const provider = `s3://${bucket}`
  if (target.key.endsWith('.car')) {
    const url = s3Url(store.settings.endpoint, target)
    const headers = await signedHeaders(store, url)
    return yield probe(store.transport, { url, headers }, { url: address, provider }, signal)
  }
  for await (const object of listObjects(store, target, signal)) {
    if (object.error !== undefined) return yield object
    const { key, sizeBytes } = object.ok
    if (key.endsWith('.car'))
      yield ok({ site: { url: `s3://${bucket}/${key}`, provider }, sizeBytes })
  }
}

/**
 * Asks for a CAR's first two bytes, which tells its size and that the origin answers ranges; HEAD
 * would tell neither for certain, and URLs signed for GET refuse it. Two, since some servers take
 * a range that ends at 0 for none (s3rver 3.7.1 sends the whole object).
 */
async function probe(
  transport: HttpTransport,
  target: { readonly url: URL; readonly headers: Readonly<Record<string, string>> },
  site: CarSource['site'],
  signal: AbortSignal,
): Promise<Found> {
  const { provider } = site
  const query = { ...target, provider, range: { first: 0, last: 1 }, size: undefined }
  const opened = await openRange(transport, query, signal)
  if (opened.error !== undefined) return opened
  const filled = await opened.ok.stream.fill(new Uint8Array(2))
  opened.ok.stream.close()
  if (filled.error !== undefined) return filled
  const sizeBytes = opened.ok.contentRange.size
  if (sizeBytes !== undefined) return ok({ site, sizeBytes })
  const message = `origin ${provider} expected to say the size of the file, got *`
  return fail(new OriginFault('OriginLied', provider, message))
}
