/**
 * Rows of the table of epochs as records.
 * @module
 */
import type { SQLOutputValue } from 'node:sqlite'
import type { Anchoring } from '@turnpike/core/epochs/anchor-file'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import type { EpochRecord } from '@turnpike/core/ports/epoch-store'

/** A row of the table. */
export type Row = Readonly<Record<string, SQLOutputValue>>

/** What a row says of its epoch. */
export function statementOf(
  row: Row,
  { origin, logId }: Pick<EpochStatement, 'origin' | 'logId'>,
): EpochStatement {
  const previousEpoch = row['previous_epoch']
  return {
    logId,
    origin,
    epoch: Number(row['epoch']),
    previousEpoch: previousEpoch === null ? null : Number(previousEpoch),
    first: Number(row['first']),
    end: Number(row['end']),
    root: row['root'] as Uint8Array,
    previousRoot: row['previous_root'] as Uint8Array,
    sealLeaf: row['seal_leaf'] as Uint8Array,
    summaryRoot: row['summary_root'] as Uint8Array,
    checkpoint: row['checkpoint'] as Uint8Array,
  }
}

/** A row as a record. */
export function recordOf(
  row: Row,
  statement: EpochStatement,
  anchorings: readonly Anchoring[],
  isAnchored: boolean,
): EpochRecord {
  const final = row['final'] === null ? undefined : JSON.parse(String(row['final']))
  const state = final !== undefined ? 'final' : isAnchored ? 'anchored' : 'batched'
  return { statement, sealedMs: Number(row['sealed_ms']), state, anchorings, final }
}
