/**
 * Names in a Worker: IPNS records in its bucket, DNSLinks in a map of the operator's.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { IPNS_RECORD_BYTES_MAX } from '@turnpike/core/limits/names'
import { WORKER_NAMES_KEPT_MAX } from '@turnpike/core/limits/workers'
import type { IpnsRecord } from '@turnpike/core/ipns/record'
import { validateRecord } from '@turnpike/core/ipns/validate'
import {
  NameNotFound,
  NameUnavailable,
  type FoundRecord,
  type NameError,
  type NameRecords,
} from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { mappedNameFromText, withNameMap, type MappedName } from '@turnpike/gateway/names/name-map'
import { Resolver } from '@turnpike/gateway/names/resolver'
import { recordKey } from './keys.ts'
import type { Bucket } from './platform.ts'
import { workerHasher } from './runtime.ts'
import { workerVerifier } from './verifier.ts'

/** A record that was checked, by the tag of its object. */
interface Checked {
  readonly etag: string
  readonly bytes: Uint8Array
  readonly record: IpnsRecord | undefined
}

/**
 * Finds records in a bucket. Each look-up asks R2, which is strongly consistent, so that what was
 * published is seen at once; a record that has not changed is neither sent nor checked again.
 */
export class BucketRecords implements NameRecords {
  readonly publish = undefined
  readonly #bucket: Bucket
  readonly #clock: Clock
  readonly #checked = new LRUCache<BytesKey, Checked>({ max: WORKER_NAMES_KEPT_MAX })

  constructor(bucket: Bucket, clock: Clock) {
    this.#bucket = bucket
    this.#clock = clock
  }

  async find(name: Uint8Array): Promise<Result<FoundRecord, NameError>> {
    const text = ipnsNameToString(name)
    const found = await this.#read(name).catch((error: unknown) => {
      return new NameUnavailable(text, `"${text}" expected the bucket to answer`, error)
    })
    if (found instanceof NameUnavailable) return fail(found)
    if (found === undefined)
      return fail(new NameNotFound(text, `"${text}" expected a record to be known, got none`))
    const { bytes, record } = found
    const leftMs = Math.max(0, (record?.eolMs ?? 0) - this.#clock.nowMs())
    const ttlMs = record?.ttlMs === undefined ? undefined : Math.min(record.ttlMs, leftMs)
    return ok({ bytes, record, ttlMs })
  }

  async #read(name: Uint8Array): Promise<Checked | undefined> {
    const key = keyOf(name)
    const kept = this.#checked.get(key)
    const onlyIf = kept && { onlyIf: { etagDoesNotMatch: kept.etag } }
    const object = await this.#bucket.get(recordKey(name), onlyIf)
    if (object === null) return undefined
    if (object.body === undefined && kept !== undefined) return kept
    // What is longer is no record: its start is enough to be told so.
    const bytes = new Uint8Array(await object.arrayBuffer()).subarray(0, IPNS_RECORD_BYTES_MAX + 1)
    const deps = { hasher: workerHasher, verifier: workerVerifier }
    const { ok: record } = await validateRecord(name, bytes, deps)
    const checked = { etag: object.etag, bytes, record }
    this.#checked.set(key, checked)
    return checked
  }
}

/** Names as an isolate follows them. */
export interface WorkerNames {
  readonly names: Resolver
  readonly nameRecords: NameRecords
}

/**
 * Names over a bucket and a map `host:/ipfs/…,host:/ipns/…`. A Worker asks no DNS: a host that the
 * map does not name has no DNSLink.
 *
 * @throws {TypeError} for a map that makes no sense
 * @example
 * const { names } = workerNames({ bucket: env.CONTENT, clock: workerClock, map: env.IPFS_NS_MAP })
 */
export function workerNames(options: {
  readonly bucket: Bucket
  readonly clock: Clock
  readonly map: string | undefined
}): WorkerNames {
  const { bucket, clock, map = '' } = options
  const records = new BucketRecords(bucket, clock)
  const none = {
    lookup: async (host: string) =>
      fail(new NameNotFound(host, `"${host}" expected a DNSLink, got none`)),
  }
  const dnsLinks = withNameMap(mapOf(map), none)
  return { names: new Resolver({ records, dnsLinks, clock }), nameRecords: records }
}

function mapOf(text: string): MappedName[] {
  const entries = text.split(',').filter((entry) => entry.trim() !== '')
  return entries.map((entry) => {
    const mapped = mappedNameFromText(entry.trim())
    if (mapped === undefined)
      throw new TypeError(`"IPFS_NS_MAP" expected host:/ipfs/… with commas between, got ${entry}`)
    return mapped
  })
}
