/**
 * Holds a ledger against what the log says, epoch by epoch (docs/reference/ledger-file.md).
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { COUNTS } from './charge.ts'
import type { Added, Charge } from './charge.ts'
import { ExpectedRows } from './expected.ts'
import type { Value, WrongRow } from './expected.ts'
import type { Fetch } from './entry.ts'
import { Names } from './names.ts'
import { hex } from './findings.ts'
import type { Findings } from './findings.ts'

/** The layout of the tables that is known here. */
const LAYOUT = 2
const BUSY_TIMEOUT_MS = 5000
const HOUR_MS = 3_600_000
const HOURS_OF_DAY = 24

/** A read that was voided, as the ledger should have it. */
export interface Voided {
  readonly target: number
  readonly space: string
  readonly epoch: number
  readonly targetEpoch: number
  readonly bytes: bigint
  readonly reads: bigint
}

/** The ledger can't be compared at all. */
export class LedgerUnreadable extends Error {
  override readonly name = 'LedgerUnreadable'
}

/**
 * A ledger as of one moment, and the sums that it should have.
 *
 * @example
 * const ledger = new LedgerFile('/data/ledger.sqlite', findings)
 * ledger.add(charge)
 * ledger.endEpoch(498_576)
 * ledger.end()
 * ledger.close()
 */
export class LedgerFile {
  /** Entries that it has summed. */
  readonly watermark: number
  /** CIDs of earlier epochs are forgotten, and not compared. */
  readonly cidsFromEpoch: number
  readonly #database: DatabaseSync
  readonly #findings: Findings
  readonly #cids: ExpectedRows
  readonly #fetched: ExpectedRows
  readonly #voided: ExpectedRows
  readonly #units: readonly Unit[]
  readonly #spaces: Names
  readonly #providers: Names
  /** The last epoch that was compared. */
  #epoch = -1

  /**
   * Opens the file at `path` to read it, as of now, whoever writes it meanwhile.
   *
   * @throws {LedgerUnreadable} when it is no ledger, or of a layout that isn't known
   */
  constructor(path: string, findings: Findings) {
    this.#findings = findings
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    try {
      this.#database.exec(PREPARE)
      const standing = this.#standing()
      this.watermark = standing.watermark
      this.cidsFromEpoch = standing.cidsFromEpoch
      this.#cids = new ExpectedRows(this.#database, CIDS)
      this.#fetched = new ExpectedRows(this.#database, FETCHED)
      this.#voided = new ExpectedRows(this.#database, VOIDED)
      this.#units = UNITS.flatMap(({ unit, of }) =>
        [
          { keys: ['space'], name: `space_${unit}` },
          { keys: [], name: `total_${unit}` },
        ].map(({ name, keys }) => {
          const options = { ...SUMS, keys, name, table: `main.${name}` }
          return { rows: new ExpectedRows(this.#database, options), of, time: -1 }
        }),
      )
      this.#spaces = new Names(this.#database, 'space')
      this.#providers = new Names(this.#database, 'provider')
    } catch (error) {
      this.#database.close()
      if (error instanceof LedgerUnreadable) throw error
      throw new LedgerUnreadable(`ledger ${path}: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Adds what an entry of the epoch under way adds. */
  add({ space, cid, adds }: Pick<Charge, 'space' | 'cid' | 'adds'>): void {
    const number = this.#spaces.numberOf(space)
    const counts = COUNTS.map((count) => adds[count] ?? 0n)
    this.#cids.add(`${number} ${hex(cid)}`, [number, cid], counts)
  }

  /** Adds sums of a space in the epoch under way, whose CIDs aren't known. */
  addSums(space: string, adds: Added): void {
    this.add({ space, adds, cid: NO_CID })
  }

  /** Adds what a FETCH says of its provider, on the account of `space`. */
  addFetch({ provider, bytes, requests, failed }: Omit<Fetch, 'kind' | 'id'>, space: string): void {
    const keys = [this.#providers.numberOf(provider), this.#spaces.numberOf(space)]
    this.#fetched.add(keys.join(' '), keys, [bytes, BigInt(requests), BigInt(failed)])
  }

  /** Adds a read that was voided. */
  addVoid({ target, space, epoch, targetEpoch, bytes, reads }: Voided): void {
    const counts = [this.#spaces.numberOf(space), BigInt(epoch), BigInt(targetEpoch), bytes, reads]
    this.#voided.add(String(target), [BigInt(target)], counts)
  }

  /**
   * Compares the epoch that ends, and days and months before the one that it lies in; its CIDs only
   * when they are known.
   */
  endEpoch(epoch: number, { cids }: { readonly cids: boolean }): void {
    for (const unit of this.#units) {
      const time = unit.of(epoch)
      if (time === unit.time) continue
      this.#compareUnit(unit, time)
      unit.time = time
    }
    this.#strays(epoch)
    if (cids && epoch >= this.cidsFromEpoch) this.#report(this.#cids, this.#cids.differences(epoch))
    this.#report(this.#fetched, this.#fetched.differences(epoch))
    for (const { rows } of this.#units) rows.addAll(this.#cids)
    this.#cids.clear()
    this.#fetched.clear()
    this.#epoch = epoch
  }

  /** Compares what is left, when the log has no more epochs. */
  end(): void {
    for (const unit of this.#units) this.#compareUnit(unit, NEVER)
    this.#strays(NEVER)
    this.#report(this.#voided, this.#voided.differences(0))
    const [check] = this.#database.prepare('PRAGMA integrity_check(1)').all()
    this.#findings.same('ledger.sqlite', 'ok', String(check!['integrity_check']))
  }

  /** Gives the file back. */
  close(): void {
    this.#database.close()
  }

  #standing(): { readonly watermark: number; readonly cidsFromEpoch: number } {
    const layout = this.#database.prepare('PRAGMA user_version').get()!['user_version']
    if (layout !== LAYOUT)
      throw new LedgerUnreadable(`ledger expected to have layout ${LAYOUT}, got ${String(layout)}`)
    const row = this.#database.prepare('SELECT * FROM standing').get()
    if (row === undefined) throw new LedgerUnreadable('ledger expected to say where it stands')
    return { watermark: Number(row['watermark']), cidsFromEpoch: Number(row['cids_from_epoch']) }
  }

  /** Compares a unit's sums up to its next time, and clears them. */
  #compareUnit({ rows, time }: Unit, next: number): void {
    if (time !== -1) this.#report(rows, rows.differences(time))
    this.#report(rows, rows.strays(time, next))
    rows.clear()
  }

  /** Looks for rows between the last epoch and `epoch`, when the log has no entries. */
  #strays(epoch: number): void {
    this.#report(this.#fetched, this.#fetched.strays(this.#epoch, epoch))
    const after = Math.max(this.#epoch, this.cidsFromEpoch - 1)
    this.#report(this.#cids, this.#cids.strays(after, epoch))
  }

  #report(rows: ExpectedRows, wrong: Iterable<WrongRow>): void {
    const { name, keys, counts } = rows.options
    for (const { time, keys: values, expected, found } of wrong) {
      const at = keys.map((key, i) => `${key} ${this.#valueText(key, values[i]!)}`)
      const text = (sums: readonly bigint[] | undefined): string =>
        sums === undefined ? 'no row' : counts.map((count, i) => `${count} ${sums[i]}`).join(', ')
      const where = ['ledger.sqlite', `${name} ${time}`, ...at].join(', ')
      this.#findings.add(where, text(expected), text(found))
    }
  }

  #valueText(key: string, value: Value): string {
    if (value instanceof Uint8Array) return value.length === 0 ? '(none)' : hex(value)
    if (key === 'space') return `"${this.#spaces.nameOf(value as bigint)}"`
    return key === 'provider' ? `"${this.#providers.nameOf(value as bigint)}"` : String(value)
  }
}

/** Sums of spaces by one unit of time. */
interface Unit {
  readonly rows: ExpectedRows
  /** The time that an epoch lies in. */
  readonly of: (epoch: number) => number
  /** The time whose sums are under way; -1 before the first. */
  time: number
}

const NO_CID = new Uint8Array(0)
/** After all times there are. */
const NEVER = Number.MAX_SAFE_INTEGER
// One transaction: all is read as of its first statement. Whole voids are compared at the end,
// since the ledger has no index of them by time; as a view they have one time, 0.
const PREPARE = `
  PRAGMA temp_store = FILE;
  BEGIN;
  CREATE TEMP VIEW voids AS SELECT 0 AS time, * FROM main.voided;
`
const SUMS = { time: 'time', counts: COUNTS } as const
const CIDS = { ...SUMS, name: 'cid_hour', table: 'main.cid_hour', keys: ['space', 'cid'] }
const FETCHED = {
  name: 'fetched',
  table: 'main.fetched',
  time: 'epoch',
  keys: ['provider', 'space'],
  counts: ['bytes', 'requests', 'failed'],
}
const VOIDED = {
  name: 'voided',
  table: 'temp.voids',
  time: 'time',
  keys: ['target'],
  counts: ['space', 'epoch', 'target_epoch', 'bytes', 'reads'],
}
const UNITS = [
  { unit: 'hour', of: (epoch: number) => epoch },
  { unit: 'day', of: (epoch: number) => Math.floor(epoch / HOURS_OF_DAY) },
  { unit: 'month', of: monthOf },
]

/** Months since January 1970. */
function monthOf(epoch: number): number {
  const date = new Date(epoch * HOUR_MS)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}
