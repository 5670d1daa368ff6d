/**
 * Adds batches to the ledger's tables.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { noCounts } from '@turnpike/core/billing/counts'
import { LEDGER_UNITS } from '@turnpike/core/billing/unit'
import type {
  FetchedRow,
  LedgerBatch,
  LedgerUnit,
  RollUp,
  UsageCounts,
  VoidedRead,
} from '@turnpike/core/ports/ledger'
import { BatchSums } from './batch-sums.ts'
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

/** Statements that add the sums of one unit of time. */
interface UnitStatements {
  readonly space: StatementSync
  readonly total: StatementSync
}

/** Statements that add, prepared once. Each runs inside a transaction of the caller. */
export class LedgerWriter {
  readonly #spaces: Names
  readonly #providers: Names
  readonly #addCid: StatementSync
  readonly #addVoided: StatementSync
  readonly #addFetched: StatementSync
  readonly #units: ReadonlyMap<LedgerUnit, UnitStatements>

  constructor(database: DatabaseSync) {
    this.#spaces = new Names(database, 'space')
    this.#providers = new Names(database, 'provider')
    this.#addCid = database.prepare(ADD_CID)
    this.#addVoided = database.prepare(ADD_VOIDED)
    this.#addFetched = database.prepare(ADD_FETCHED)
    this.#units = new Map(LEDGER_UNITS.map((unit) => [unit, unitStatements(database, unit)]))
  }

  /**
   * Adds what a batch has. CIDs of epochs before `cidsFromEpoch` are not kept.
   *
   * @throws when a sum passes what a column holds: the caller rolls back, and calls `forget`
   */
  add(batch: LedgerBatch, cidsFromEpoch: number): void {
    const sums = new BatchSums()
    for (const row of batch.rows) this.#row(row, sums, cidsFromEpoch)
    for (const voided of batch.voids) this.#void(voided, sums, cidsFromEpoch)
    for (const row of batch.fetched) this.#fetched(row)
    for (const [unit, statements] of this.#units)
      for (const [time, { spaces, total }] of sums.by(unit)) {
        addTotal(statements.total, time, total)
        for (const [space, counts] of spaces) addSpace(statements.space, time, space, counts)
      }
  }

  /** To be called when a transaction that added was rolled back. */
  forget(): void {
    this.#spaces.forget()
    this.#providers.forget()
  }

  #row(row: RollUp, sums: BatchSums, cidsFromEpoch: number): void {
    const { epoch, cid, reads, denied, errors, bytes, bytesDelivered, bytesFetched } = row
    const counts = { reads, denied, errors, bytes, bytesDelivered, bytesFetched, bytesVoided: 0n }
    const space = this.#spaces.numberOf(row.space)
    sums.add(epoch, space, counts)
    if (epoch >= cidsFromEpoch) addCid(this.#addCid, epoch, space, cid, counts)
  }

  #void(voided: VoidedRead, sums: BatchSums, cidsFromEpoch: number): void {
    const { target, epoch, targetEpoch, cid, bytes, reads } = voided
    const space = this.#spaces.numberOf(voided.space)
    const added = this.#addVoided.run(target, space, epoch, targetEpoch, bytes, reads)
    if (Number(added.changes) === 0) return
    const counts = { ...noCounts(), bytesVoided: bytes }
    sums.add(epoch, space, counts)
    if (epoch >= cidsFromEpoch) addCid(this.#addCid, epoch, space, cid, counts)
  }

  #fetched(row: FetchedRow): void {
    const provider = this.#providers.numberOf(row.provider)
    const space = this.#spaces.numberOf(row.space)
    this.#addFetched.run(row.epoch, provider, space, row.bytes, row.requests, row.failed)
  }
}

function unitStatements(database: DatabaseSync, unit: LedgerUnit): UnitStatements {
  const total = `INSERT INTO total_${unit} VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${ADD_SUMS}`
  const space = `INSERT INTO space_${unit} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_SUMS}`
  return { total: database.prepare(total), space: database.prepare(space) }
}

// Arguments one by one: arrays of them, three for each row of a batch, cost a tenth of its time.

function addCid(
  statement: StatementSync,
  epoch: number,
  space: number,
  cid: Uint8Array,
  counts: UsageCounts,
): void {
  statement.run(
    epoch,
    space,
    cid,
    counts.reads,
    counts.denied,
    counts.errors,
    counts.bytes,
    counts.bytesDelivered,
    counts.bytesFetched,
    counts.bytesVoided,
  )
}

function addSpace(
  statement: StatementSync,
  time: number,
  space: number,
  counts: UsageCounts,
): void {
  statement.run(
    time,
    space,
    counts.reads,
    counts.denied,
    counts.errors,
    counts.bytes,
    counts.bytesDelivered,
    counts.bytesFetched,
    counts.bytesVoided,
  )
}

function addTotal(statement: StatementSync, time: number, counts: UsageCounts): void {
  statement.run(
    time,
    counts.reads,
    counts.denied,
    counts.errors,
    counts.bytes,
    counts.bytesDelivered,
    counts.bytesFetched,
    counts.bytesVoided,
  )
}
