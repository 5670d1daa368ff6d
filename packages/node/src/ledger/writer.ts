/**
 * Adds batches to the ledger's tables.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { addCounts, noCounts } from '@turnpike/core/billing/counts'
import type { MutableCounts } from '@turnpike/core/billing/counts'
import { LEDGER_UNITS, unitOf } from '@turnpike/core/billing/unit'
import type {
  FetchedRow,
  LedgerBatch,
  LedgerUnit,
  UsageCounts,
  VoidedRead,
} from '@turnpike/core/ports/ledger'
import { ADD_SUMS } from './counts.ts'
import { Names } from './names.ts'

const ADD_CID = `INSERT INTO cid_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_SUMS}`
// A read that is there already was voided before.
const ADD_VOIDED = 'INSERT INTO voided VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
const ADD_FETCHED = `
  INSERT INTO fetched VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    bytes = bytes + excluded.bytes,
    requests = requests + excluded.requests,
    failed = failed + excluded.failed
`

/** Statements that add, prepared once. Each runs inside a transaction of the caller. */
export class LedgerWriter {
  readonly #spaces: Names
  readonly #providers: Names
  readonly #addCid: StatementSync
  readonly #addVoided: StatementSync
  readonly #addFetched: StatementSync
  readonly #addSums: ReadonlyMap<LedgerUnit, StatementSync>

  constructor(database: DatabaseSync) {
    this.#spaces = new Names(database, 'space')
    this.#providers = new Names(database, 'provider')
    this.#addCid = database.prepare(ADD_CID)
    this.#addVoided = database.prepare(ADD_VOIDED)
    this.#addFetched = database.prepare(ADD_FETCHED)
    this.#addSums = new Map(
      LEDGER_UNITS.map((unit) => [
        unit,
        database.prepare(
          `INSERT INTO space_${unit} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_SUMS}`,
        ),
      ]),
    )
  }

  /**
   * Adds what a batch has. CIDs of epochs before `cidsFromEpoch` are not kept.
   *
   * @throws when a sum passes what a column holds: the caller rolls back, and calls `forget`
   */
  add(batch: LedgerBatch, cidsFromEpoch: number): void {
    const sums = new SpaceSums()
    for (const row of batch.rows) {
      const space = this.#spaces.numberOf(row.space)
      const counts = { ...row, bytesVoided: 0n }
      sums.add(row.epoch, space, counts)
      if (row.epoch >= cidsFromEpoch) this.#cid(row.epoch, space, row.cid, counts)
    }
    for (const voided of batch.voids) this.#void(voided, sums, cidsFromEpoch)
    for (const row of batch.fetched) this.#fetched(row)
    for (const unit of LEDGER_UNITS) {
      const add = this.#addSums.get(unit)!
      for (const { time, space, counts } of sums.by(unit)) add.run(time, space, ...values(counts))
    }
  }

  /** To be called when a transaction that added was rolled back. */
  forget(): void {
    this.#spaces.forget()
    this.#providers.forget()
  }

  #cid(epoch: number, space: number, cid: Uint8Array, counts: UsageCounts): void {
    this.#addCid.run(epoch, space, cid, ...values(counts))
  }

  #void(voided: VoidedRead, sums: SpaceSums, cidsFromEpoch: number): void {
    const { target, epoch, targetEpoch, cid, bytes, reads } = voided
    const space = this.#spaces.numberOf(voided.space)
    const added = this.#addVoided.run(target, space, epoch, targetEpoch, bytes, reads)
    if (Number(added.changes) === 0) return
    const counts = { ...noCounts(), bytesVoided: bytes }
    sums.add(epoch, space, counts)
    if (epoch >= cidsFromEpoch) this.#cid(epoch, space, cid, counts)
  }

  #fetched(row: FetchedRow): void {
    const provider = this.#providers.numberOf(row.provider)
    const space = this.#spaces.numberOf(row.space)
    this.#addFetched.run(row.epoch, provider, space, row.bytes, row.requests, row.failed)
  }
}

/** Sums of one space in one unit of time. */
interface SpaceSum {
  readonly time: number
  readonly space: number
  readonly counts: MutableCounts
}

/** A batch's sums by space and time: one write for each, however many CIDs it has. */
class SpaceSums {
  readonly #hours = new Map<string, SpaceSum>()

  add(epoch: number, space: number, counts: UsageCounts): void {
    addTo(this.#hours, epoch, space, counts)
  }

  by(unit: LedgerUnit): Iterable<SpaceSum> {
    if (unit === 'hour') return this.#hours.values()
    const sums = new Map<string, SpaceSum>()
    for (const { time, space, counts } of this.#hours.values())
      addTo(sums, unitOf(unit, time), space, counts)
    return sums.values()
  }
}

function addTo(sums: Map<string, SpaceSum>, time: number, space: number, more: UsageCounts): void {
  const key = `${time}:${space}`
  const found = sums.get(key)
  const { counts } = found ?? { counts: noCounts() }
  addCounts(counts, more)
  if (found === undefined) sums.set(key, { time, space, counts })
}

function values(counts: UsageCounts): (number | bigint)[] {
  return [
    counts.reads,
    counts.denied,
    counts.errors,
    counts.bytes,
    counts.bytesDelivered,
    counts.bytesFetched,
    counts.bytesVoided,
  ]
}
