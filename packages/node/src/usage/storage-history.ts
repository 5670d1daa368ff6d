/**
 * The `StorageHistory` port on SQLite: the catalog's dated deltas, with whole days added up ahead.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { DAY_EPOCHS, EPOCH_MS } from '@turnpike/core/billing/epoch'
import { storageByteMs, storageSums } from '@turnpike/core/billing/storage'
import type { StorageSum } from '@turnpike/core/billing/storage'
import { STORAGE_EVENTS_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { LedgerUnit } from '@turnpike/core/ports/ledger'
import type {
  StorageDelta,
  StorageHistory,
  StorageHour,
  StorageSpan,
} from '@turnpike/core/ports/usage'
import { transact } from '../catalog/database.ts'
import { StorageDeltas } from './storage-deltas.ts'

const DAY_MS = DAY_EPOCHS * EPOCH_MS

/** Name of all spaces together in `storage_days`. */
const ALL = ''

/**
 * What spaces stored. Answers come from the deltas; the table of days only saves time, so that one
 * that is missing, or late, changes nothing.
 */
export class SqliteStorageHistory implements StorageHistory {
  readonly #deltas: StorageDeltas
  readonly #billing: DatabaseSync

  /**
   * @param catalog may be read-only
   * @param billing where days are kept, `billing.sqlite`
   * @example
   * const storage = new SqliteStorageHistory(catalog, billing)
   * const [byteMs] = storage.byteMs([{ space, firstEpoch, endEpoch }])
   */
  constructor(catalog: DatabaseSync, billing: DatabaseSync) {
    this.#deltas = new StorageDeltas(catalog)
    this.#billing = billing
  }

  sizeBytes(space: SpaceDid | undefined, atMs: number): bigint {
    return this.#deltas.sizeBytes(space, atMs)
  }

  deltas(range: Parameters<StorageHistory['deltas']>[0], limit: number): StorageDelta[] {
    return this.#deltas.list(range, Math.min(limit, STORAGE_EVENTS_MAX + 1))
  }

  byteMs(spans: readonly StorageSpan[]): bigint[] {
    return spans.map((span) => this.#byteMs(span))
  }

  *hours(span: StorageSpan): Generator<StorageHour> {
    for (const { time, byteMs } of this.sums(span, 'hour')) yield { epoch: time, byteMs }
  }

  sums(span: StorageSpan, unit: LedgerUnit): Generator<StorageSum> {
    const range = msOf(span)
    const initial = this.#deltas.sizeBytes(span.space, range.fromMs)
    return storageSums(initial, this.#deltas.changes(span.space, range), span, unit)
  }

  spaces(limit: number, after = ''): SpaceDid[] {
    return this.#deltas.spaces(limit, after)
  }

  /**
   * Adds up the whole days before `nowMs` on which something changed and that were not added up
   * yet. Each is added up from all its deltas, whatever was written of it before: a run that was
   * missed, cut short or repeated leaves nothing wrong behind.
   *
   * @returns whether there is more to do: call again
   */
  addUpDays(nowMs: number): boolean {
    const done = this.#totalled()
    const next = this.#deltas.after(done, Math.floor(nowMs / DAY_MS) * DAY_MS)
    const last = next.at(-1)
    if (last === undefined) return false
    const days = new Map<string, { space: SpaceDid | undefined; day: number }>()
    for (const { space, atMs } of next) {
      const day = Math.floor(atMs / DAY_MS)
      days.set(`${day} ${space}`, { space, day }).set(`${day}`, { space: undefined, day })
    }
    const put = this.#billing.prepare('INSERT OR REPLACE INTO storage_days VALUES (?, ?, ?, ?)')
    transact(this.#billing, () => {
      for (const { space, day } of days.values()) {
        const byteMs = this.#fromDeltas(space, day * DAY_MS, (day + 1) * DAY_MS)
        const size = this.#deltas.sizeBytes(space, (day + 1) * DAY_MS)
        put.run(space ?? ALL, day, String(byteMs), size)
      }
      this.#billing.prepare('UPDATE storage_totals SET delta = ?').run(last.id)
    })
    return true
  }

  #byteMs(span: StorageSpan): bigint {
    const { space } = span
    const { fromMs, toMs } = msOf(span)
    const open = this.#deltas.firstAfter(space, this.#totalled()) ?? Infinity
    const firstDay = Math.ceil(fromMs / DAY_MS)
    const endDay = Math.floor(Math.min(toMs, open) / DAY_MS)
    if (firstDay >= endDay) return this.#fromDeltas(space, fromMs, toMs)
    return (
      this.#fromDeltas(space, fromMs, firstDay * DAY_MS) +
      this.#fromDays(space, firstDay, endDay) +
      this.#fromDeltas(space, endDay * DAY_MS, toMs)
    )
  }

  #fromDeltas(space: SpaceDid | undefined, fromMs: number, toMs: number): bigint {
    if (fromMs === toMs) return 0n
    const initial = this.#deltas.sizeBytes(space, fromMs)
    return storageByteMs(initial, this.#deltas.changes(space, { fromMs, toMs }), { fromMs, toMs })
  }

  /** From days that are all added up: between those on which something changed, nothing did. */
  #fromDays(space: SpaceDid | undefined, firstDay: number, endDay: number): bigint {
    const find = this.#billing.prepare(
      'SELECT day, byte_ms, size FROM storage_days WHERE space = ? AND day >= ? AND day < ? ' +
        'ORDER BY day',
    )
    find.setReadBigInts(true)
    let size = this.#deltas.sizeBytes(space, firstDay * DAY_MS)
    let day = firstDay
    let byteMs = 0n
    for (const row of find.iterate(space ?? ALL, firstDay, endDay)) {
      byteMs += size * BigInt((Number(row.day) - day) * DAY_MS) + BigInt(row.byte_ms as string)
      size = row.size as bigint
      day = Number(row.day) + 1
    }
    return byteMs + size * BigInt((endDay - day) * DAY_MS)
  }

  /** The last delta that days are added up to. */
  #totalled(): number {
    return Number(this.#billing.prepare('SELECT delta FROM storage_totals').get()!.delta)
  }
}

function msOf({ firstEpoch, endEpoch }: Pick<StorageSpan, 'firstEpoch' | 'endEpoch'>): {
  readonly fromMs: number
  readonly toMs: number
} {
  const [fromMs, toMs] = [firstEpoch * EPOCH_MS, endEpoch * EPOCH_MS]
  if (!(fromMs >= 0 && fromMs <= toMs && Number.isSafeInteger(toMs)))
    throw new RangeError(`epochs expected from 0 on, in order, got ${firstEpoch} to ${endEpoch}`)
  return { fromMs, toMs }
}
