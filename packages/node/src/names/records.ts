/**
 * The `NameRecords` port: records of the data folder, and of routers where there are some.
 * @module
 */
import { bytesEqual, keyOf, type BytesKey } from '@turnpike/core/bytes'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import type { IpnsRecord } from '@turnpike/core/ipns/record'
import { isInForce, isNewer, validateRecord } from '@turnpike/core/ipns/validate'
import { ROUTED_NAMES_KEPT_MAX } from '@turnpike/core/limits/names'
import {
  NameNotFound,
  type FoundRecord,
  type NameError,
  type NameRecords,
  type PublishRecord,
} from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { LRUCache } from 'lru-cache'
import { nodeHasher } from '../hasher.ts'
import type { CatalogNames } from './store.ts'
import { nodeVerifier } from './verifier.ts'

/** Who else is asked for records. What they say was verified. */
export interface RecordRouters {
  find(name: Uint8Array, signal: AbortSignal): Promise<Result<FoundRecord, NameError>>
}

/** What records are found by. */
export interface RecordsOptions {
  readonly names: Pick<CatalogNames, 'get' | 'owns'>
  readonly routers?: RecordRouters
  readonly clock: Clock
  /** Longest TTL that is believed. */
  readonly ttlMsMax: number
  readonly publish?: PublishRecord
}

/** A record that was checked, so that the same bytes are not checked again. */
interface Checked {
  readonly bytes: Uint8Array
  readonly record: IpnsRecord | undefined
}

/**
 * Finds records. The folder is looked into each time, so that what was published is seen at once;
 * routers are asked for names that are not published here.
 */
export class Records implements NameRecords {
  readonly publish: PublishRecord | undefined
  readonly #options: RecordsOptions
  readonly #checked = new LRUCache<BytesKey, Checked>({ max: ROUTED_NAMES_KEPT_MAX })

  constructor(options: RecordsOptions) {
    this.#options = options
    this.publish = options.publish
  }

  async find(name: Uint8Array, signal: AbortSignal): Promise<Result<FoundRecord, NameError>> {
    const { names, routers, clock } = this.#options
    const kept = await this.#kept(name)
    const known = kept !== undefined && isGood(kept, clock.nowMs())
    if (routers === undefined || (known && names.owns(name)))
      return kept === undefined ? fail(notFound(name)) : ok(this.#timed(kept))
    const routed = await routers.find(name, signal)
    if (routed.error) return kept === undefined ? routed : ok(this.#timed(kept))
    const better = !known || isNewer(routed.ok.record!, kept.record!)
    return ok(better ? this.#capped(routed.ok) : this.#timed(kept))
  }

  async #kept(name: Uint8Array): Promise<Checked | undefined> {
    const bytes = this.#options.names.get(name)
    if (bytes === undefined) return undefined
    const key = keyOf(name)
    const before = this.#checked.get(key)
    if (before !== undefined && bytesEqual(before.bytes, bytes)) return before
    const deps = { hasher: nodeHasher, verifier: nodeVerifier }
    const checked = { bytes, record: (await validateRecord(name, bytes, deps)).ok }
    this.#checked.set(key, checked)
    return checked
  }

  #timed({ bytes, record }: Checked): FoundRecord {
    const leftMs = Math.max(0, (record?.eolMs ?? 0) - this.#options.clock.nowMs())
    const ttlMs = record?.ttlMs === undefined ? undefined : Math.min(record.ttlMs, leftMs)
    return this.#capped({ bytes, record, ttlMs })
  }

  #capped(found: FoundRecord): FoundRecord {
    const { ttlMs } = found
    return ttlMs === undefined
      ? found
      : { ...found, ttlMs: Math.min(ttlMs, this.#options.ttlMsMax) }
  }
}

function isGood({ record }: Checked, nowMs: number): boolean {
  return record !== undefined && isInForce(record, nowMs)
}

/** The error of a name that nobody has a record of. */
export function notFound(name: Uint8Array): NameNotFound {
  const text = ipnsNameToString(name)
  return new NameNotFound(text, `"${text}" expected a record to be known, got none`)
}
