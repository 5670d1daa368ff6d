/**
 * What `billing.sqlite` records of epochs, from which their files are made.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { quietLocation } from '../quiet-location.ts'

const BUSY_TIMEOUT_MS = 5000

/** Records of one epoch. */
export interface EpochRecord {
  /** Kinds of files that it has. */
  readonly files: ReadonlySet<string>
  /** What was issued, as JSON; undefined until it is final. */
  readonly issuance: string | undefined
}

/** The records of all epochs, opened to read. */
export class EpochRecords {
  readonly #database: DatabaseSync
  readonly #epoch: StatementSync
  readonly #anchoring: StatementSync

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#epoch = database.prepare('SELECT final FROM epochs WHERE epoch = ?')
    this.#anchoring = database.prepare(
      'SELECT 1 FROM anchorings WHERE first_epoch <= ?1 AND last_epoch >= ?1 LIMIT 1',
    )
  }

  /** Opens the file at `path`; undefined when there is none, or it has no epochs. */
  static open(path: string): EpochRecords | undefined {
    if (!existsSync(path)) return undefined
    const database = new DatabaseSync(quietLocation(path), {
      readOnly: true,
      timeout: BUSY_TIMEOUT_MS,
    })
    const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'epochs'"
    if (database.prepare(table).get() !== undefined) return new EpochRecords(database)
    database.close()
    return undefined
  }

  /** Records of an epoch; undefined when there are none. */
  of(epoch: number): EpochRecord | undefined {
    const row = this.#epoch.get(epoch)
    if (row === undefined) return undefined
    const files = new Set(['root'])
    if (this.#anchoring.get(epoch) !== undefined) files.add('anchor')
    if (row['final'] === null) return { files, issuance: undefined }
    const { issuance } = JSON.parse(String(row['final'])) as { readonly issuance: unknown }
    return { files: files.add('final'), issuance: JSON.stringify(issuance) }
  }

  /** All epochs that are batched, oldest first. */
  *epochs(): Generator<number> {
    const sql = 'SELECT epoch FROM epochs ORDER BY epoch'
    for (const row of this.#database.prepare(sql).iterate()) yield Number(row['epoch'])
  }

  /** Gives the file back. */
  close(): void {
    this.#database.close()
  }
}
