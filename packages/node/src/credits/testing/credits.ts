/**
 * Credits in a database in memory, for tests.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { CreditRow, IssuanceJson } from '@turnpike/core/credits/issuance'
import { parseCreditPolicy, type CreditTerms } from '@turnpike/core/credits/parse-policy'
import type { FinalEpoch } from '@turnpike/core/ports/credit-issuer'
import { openCatalogWriter, transact } from '../../catalog/database.ts'
import type { CreditDecision } from '../events.ts'
import { SqliteCreditIssuer } from '../issuer.ts'
import { rowsOf } from '../rows.ts'
import { CREDITS_SCHEMA } from '../schema.ts'

/** The first hour of tests. */
export const EPOCH = 500_000
/** Two logs, by their ids. */
export const LOGS: readonly [Uint8Array, Uint8Array] = [
  new Uint8Array(32).fill(1),
  new Uint8Array(32).fill(2),
]

/** A database that has tables of credits. */
export function creditsDatabase(): DatabaseSync {
  const { ok: database, error } = openCatalogWriter(':memory:', [CREDITS_SCHEMA])
  if (error !== undefined) throw error
  return database
}

/** A policy that pays one micro-credit for a byte, to everybody, without caps. */
export function termsOf(change: object = {}): CreditTerms {
  const { ok: terms, error } = parseCreditPolicy({
    // 2^30 micro-credits.
    perGib: '1073.741824',
    epochBudget: '1000000000',
    otherProviders: { weight: '1' },
    ttlHours: 24,
    ...change,
  })
  if (error !== undefined) throw error
  return terms
}

/** A decision made in an hour. */
export function decided(id: string, nowEpoch: number, epoch?: number): CreditDecision {
  return { id, note: 'for a test', epoch, nowEpoch, nowMs: nowEpoch * 3_600_000 }
}

/** A row of reads of a space that is nobody's provider. */
export function rowOf(provider: string, bytes: bigint, change: Partial<CreditRow> = {}): CreditRow {
  return { space: 'did:key:s', provider, region: 'eu', bytes, bytesVoided: 0n, ...change }
}

/** Issues for an epoch of the first log, in a transaction of its own. */
export function issueFor(
  database: DatabaseSync,
  epoch: number,
  rows: readonly CreditRow[],
  logId: Uint8Array = LOGS[0],
): IssuanceJson {
  // All that an issuer looks at.
  const final = { statement: { logId, epoch }, rows } as unknown as FinalEpoch
  return transact(database, () => new SqliteCreditIssuer(database).issue(final))
}

/** All that is in a database, as text. */
export function dump(database: DatabaseSync): string {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'credit_%'"
  const tables = rowsOf(database, sql).map(({ name }) => String(name))
  const all = tables.map((name) =>
    rowsOf(database, `SELECT * FROM ${name}`).map((row) => Object.values(row).join()),
  )
  return all.map((rows, i) => `${tables[i]}: ${rows.join('; ')}`).join('\n')
}
