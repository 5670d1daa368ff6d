/**
 * What `billing.sqlite` records of epochs, from which their files are made.
 * @module
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { Findings } from '../findings.ts'
import { quietLocation } from '../quiet-location.ts'

const NAME = 'billing.sqlite'
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

  /** Opens those of a data folder; undefined when it has none, or they can't be read. */
  static open(data: string, findings: Findings): EpochRecords | undefined {
    const path = join(data, NAME)
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile()
    if (isFile === undefined) return undefined
    if (!isFile) return void findings.add(NAME, 'a database', 'no file')
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(quietLocation(path), {
        readOnly: true,
        timeout: BUSY_TIMEOUT_MS,
      })
      const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'epochs'"
      if (database.prepare(table).get() !== undefined) return new EpochRecords(database)
    } catch (error) {
      findings.add(NAME, 'a database', (error as Error).message)
    }
    database?.close()
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
