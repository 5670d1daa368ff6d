/**
 * The `EpochStore` port on `billing.sqlite`.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ANCHOR_CONFLICT_CHARS_MAX } from '@turnpike/core/limits/receipts'
import { bytesEqual } from '@turnpike/core/bytes'
import type { FinalAnchoring } from '@turnpike/core/epochs/final-file'
import type { JsonObject } from '@turnpike/core/epochs/signed-line'
import type { AnchorIntent } from '@turnpike/core/ports/anchor'
import type {
  EpochProgress,
  EpochRecord,
  EpochStore,
  SealedStatement,
  StoredConflict,
  StoredIntent,
} from '@turnpike/core/ports/epoch-store'
import { transact } from '../catalog/database.ts'
import { Anchorings, type Standing } from './anchorings.ts'
import { prepared } from './prepared.ts'
import { recordOf, statementOf, type Row } from './rows.ts'

/** Whose epochs they are, and who has to hold them. */
export interface EpochLog {
  readonly origin: string
  /** 32 bytes. */
  readonly logId: Uint8Array
  /** Names of the deployment's anchors, in their order. */
  readonly anchors: readonly string[]
}

/**
 * Epochs of one log in `billing.sqlite`, for its one writer.
 *
 * @example
 * const epochs = new SqliteEpochStore(billing, { origin, logId, anchors: ['local'] })
 */
export class SqliteEpochStore implements EpochStore {
  readonly #database: DatabaseSync
  readonly #sql: (text: string) => StatementSync
  readonly #log: EpochLog
  readonly #anchorings: Anchorings

  constructor(billing: DatabaseSync, log: EpochLog) {
    this.#database = billing
    this.#sql = prepared(billing)
    this.#log = log
    this.#anchorings = new Anchorings(billing, log.anchors)
  }

  last(): EpochRecord | undefined {
    return this.#records('ORDER BY epoch DESC LIMIT 1')[0]
  }

  get(epoch: number): EpochRecord | undefined {
    return this.#records('WHERE epoch = ?', epoch)[0]
  }

  list(from: number, countMax: number): readonly EpochRecord[] {
    return this.#records('WHERE epoch >= ? ORDER BY epoch LIMIT ?', from, countMax)
  }

  progress(): EpochProgress {
    const batchedThrough = this.#through('ORDER BY epoch DESC LIMIT 1')
    const finalThrough = this.#finalThrough()
    const anchoredThrough = this.#anchoredThrough(finalThrough)
    const after = (epoch: number | undefined): number => {
      const sql = 'SELECT count(*) AS count FROM epochs WHERE epoch > ?'
      return Number(this.#sql(sql).get(epoch ?? -1)!['count'])
    }
    const notFinal = after(finalThrough)
    const batched = after(anchoredThrough)
    const oldest = this.#sql(
      'SELECT sealed_ms FROM epochs WHERE epoch > ? ORDER BY epoch LIMIT 1',
    ).get(anchoredThrough ?? -1)
    return {
      batchedThrough,
      anchoredThrough,
      finalThrough,
      counts: { batched, anchored: notFinal - batched, final: after(undefined) - notFinal },
      oldestSealedMs: oldest && Number(oldest['sealed_ms']),
    }
  }

  batch(sealed: readonly SealedStatement[]): void {
    const insert = this.#sql('INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)')
    transact(this.#database, () => {
      let before = this.last()?.statement
      for (const { statement, sealedMs } of sealed) {
        refuseGap(before, statement)
        insert.run(
          statement.epoch,
          statement.previousEpoch,
          statement.first,
          statement.end,
          statement.root,
          statement.previousRoot,
          statement.sealLeaf,
          statement.summaryRoot,
          statement.checkpoint,
          sealedMs,
        )
        before = statement
      }
    })
  }

  due(anchor: string, countMax: number): readonly EpochRecord[] {
    return this.list(this.#anchorings.lastEpoch(anchor) + 1, countMax)
  }

  intents(anchor: string): readonly StoredIntent[] {
    return this.#anchorings.open(anchor).map((run) => ({
      anchor,
      intent: { epochs: this.#epochs(run), bytes: run.bytes },
      state: run.state,
      proof: run.proof,
    }))
  }

  intend(anchor: string, { epochs, bytes }: AnchorIntent): void {
    const [firstEpoch, lastEpoch] = [epochs[0], epochs.at(-1)]
    if (firstEpoch === undefined || lastEpoch === undefined)
      throw new RangeError('"epochs" expected one or more, got none')
    transact(this.#database, () => {
      const known = this.#epochs({ firstEpoch, lastEpoch })
      if (known.join() !== epochs.join())
        throw new RangeError(`"epochs" expected ${known.join(', ')}, got ${epochs.join(', ')}`)
      const due = this.due(anchor, 1)[0]?.statement.epoch
      this.#anchorings.intend(anchor, { firstEpoch, lastEpoch, bytes }, due)
    })
  }

  stand(anchor: string, standings: readonly Standing[]): void {
    transact(this.#database, () => this.#anchorings.stand(anchor, standings))
  }

  finalizable(countMax: number): readonly EpochRecord[] {
    const through = this.#anchorings.through('final', this.#log.anchors)
    return this.#records(
      'WHERE final IS NULL AND epoch <= ? ORDER BY epoch LIMIT ?',
      through,
      countMax,
    )
  }

  finalize(epoch: number, issue: () => JsonObject, said?: readonly FinalAnchoring[]): boolean {
    return transact(this.#database, () => {
      const record = this.get(epoch)
      if (record?.final !== undefined) return false
      const oldest = this.finalizable(1)[0]?.statement.epoch
      if (oldest !== epoch)
        throw new RangeError(
          `"epoch" expected ${oldest ?? 'none'}, the oldest that can be final, got ${epoch}`,
        )
      const anchors =
        said ??
        record!.anchorings
          .filter(({ anchor }) => this.#log.anchors.includes(anchor))
          .map(({ anchor, proof }) => ({ anchor, proof }))
      const final = JSON.stringify({ anchors, issuance: issue() })
      this.#sql('UPDATE epochs SET final = ? WHERE epoch = ?').run(final, epoch)
      return true
    })
  }

  conflict(): StoredConflict | undefined {
    const row = this.#sql('SELECT * FROM anchor_conflicts').get()
    if (row === undefined) return undefined
    const { anchor, message, since_ms: sinceMs } = row
    return { anchor: String(anchor), message: String(message), sinceMs: Number(sinceMs) }
  }

  conflicted({ anchor, message, sinceMs }: StoredConflict): void {
    this.#sql('INSERT OR IGNORE INTO anchor_conflicts VALUES (1, ?, ?, ?)').run(
      anchor,
      message.slice(0, ANCHOR_CONFLICT_CHARS_MAX),
      sinceMs,
    )
  }

  forgetConflict(): void {
    this.#database.exec('DELETE FROM anchor_conflicts')
  }

  #records(where: string, ...values: readonly number[]): readonly EpochRecord[] {
    const rows = this.#sql(`SELECT * FROM epochs ${where}`).all(...values) as Row[]
    const last = rows.length === 0 ? undefined : this.#finalThrough()
    const anchored = this.#anchoredThrough(last) ?? -1
    const names = this.#anchorings.everyName()
    return rows.map((row) => {
      const statement = statementOf(row, this.#log)
      const anchorings = this.#anchorings.of(statement.epoch, names)
      return recordOf(row, statement, anchorings, statement.epoch <= anchored)
    })
  }

  #epochs({ firstEpoch, lastEpoch }: { firstEpoch: number; lastEpoch: number }): number[] {
    return this.#sql('SELECT epoch FROM epochs WHERE epoch BETWEEN ? AND ? ORDER BY epoch')
      .all(firstEpoch, lastEpoch)
      .map(({ epoch }) => Number(epoch))
  }

  /** All epochs that are final come before all that are not. */
  #finalThrough(): number | undefined {
    const open = this.#sql(
      'SELECT epoch FROM epochs WHERE final IS NULL ORDER BY epoch LIMIT 1',
    ).get()
    if (open === undefined) return this.#through('ORDER BY epoch DESC LIMIT 1')
    return this.#through('WHERE epoch < ? ORDER BY epoch DESC LIMIT 1', Number(open['epoch']))
  }

  #anchoredThrough(finalThrough: number | undefined): number | undefined {
    const through = this.#anchorings.through('anchored', this.#log.anchors)
    const most = Math.max(through, finalThrough ?? -1)
    return most < 0 ? undefined : most
  }

  #through(where: string, ...values: readonly number[]): number | undefined {
    const row = this.#sql(`SELECT epoch FROM epochs ${where}`).get(...values)
    return row && Number(row['epoch'])
  }
}

function refuseGap(
  before: SealedStatement['statement'] | undefined,
  { epoch, previousEpoch, first, end, previousRoot }: SealedStatement['statement'],
): void {
  const follows =
    previousEpoch === (before?.epoch ?? null) &&
    first === (before?.end ?? 0) &&
    epoch > (before?.epoch ?? -1) &&
    end > first &&
    (before === undefined || bytesEqual(previousRoot, before.root))
  if (!follows)
    throw new RangeError(
      `epoch ${epoch} expected to follow ${before?.epoch ?? 'none'}, got one of entries from ` +
        `${first} after ${previousEpoch ?? 'none'}`,
    )
}
