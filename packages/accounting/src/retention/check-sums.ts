/**
 * Checks what is kept of an epoch against its SEAL.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { SUMMARY_ROWS_MAX } from '@turnpike/core/limits/log'
import type { SealEntry } from '@turnpike/core/log/entry'
import { decodeRows, rowsPath, summaryRoot } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import type { LedgerBatch } from '@turnpike/core/ports/ledger'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'
import type { EpochRange, LogReader } from '../reader.ts'
import { readSums, sumsPath } from './epoch-sums.ts'

/**
 * Summary rows of a sealed epoch: those that its SEAL has the root of.
 *
 * @throws {LogCorrupt} when the file is missing or altered
 */
export async function sealedRows(
  store: LogStore,
  hasher: Hasher,
  seal: SealEntry,
): Promise<SummaryRow[]> {
  const path = rowsPath(seal.epoch)
  const file = await store.get(path)
  const rows = file === undefined ? undefined : decodeRows(file).ok
  if (rows === undefined) throw new LogCorrupt(path, 'all', 'expected rows, got none')
  if (!bytesEqual(summaryRoot(hasher, rows), seal.summaryRoot))
    throw new LogCorrupt(path, 'all', 'expected the root that the SEAL has, got another')
  return rows
}

/**
 * What a sealed epoch adds to the ledger, from its file of sums, checked: what is billed says the
 * SEAL, space by space. Of errors and of bytes that are not billed the file alone knows.
 *
 * @throws {LogCorrupt} when a file is missing or altered, or says something else than the SEAL
 * @example
 * const batch = await sealedSums(reader, range)
 */
export async function sealedSums(reader: LogReader, range: EpochRange): Promise<LedgerBatch> {
  const { store, hasher } = reader
  const path = sumsPath(range.epoch)
  const bytes = await store.get(path)
  if (bytes === undefined) throw new LogCorrupt(path, 'all', 'expected sums, got none')
  const batch = readSums(hasher, range, bytes)
  const rows = await sealedRows(store, hasher, await reader.seal(range.end))
  const different = spaceThatDiffers(batch, rows)
  if (different !== undefined)
    throw new LogCorrupt(path, different, 'expected the sums that the SEAL has, got others')
  return batch
}

/** Whether summary rows tell all spaces apart: beyond a bound they are summed in one. */
export function namesAllSpaces(rows: readonly SummaryRow[]): boolean {
  return rows.length < SUMMARY_ROWS_MAX
}

/** What of a space is billed, or comes close: what a summary has as well as a ledger. */
interface BilledSums {
  bytes: bigint
  bytesFetched: bigint
  bytesVoided: bigint
  reads: number
  denied: number
}

/** The first space whose sums a batch and summary rows say differently. */
export function spaceThatDiffers(
  batch: LedgerBatch,
  rows: readonly SummaryRow[],
): string | undefined {
  const counted = new Map<string, BilledSums>()
  const sums = (space: string): BilledSums => {
    const found = counted.get(space)
    if (found !== undefined) return found
    const none = { bytes: 0n, bytesFetched: 0n, bytesVoided: 0n, reads: 0, denied: 0 }
    counted.set(space, none)
    return none
  }
  for (const row of batch.rows) {
    const sum = sums(row.space)
    sum.bytes += row.bytes
    sum.bytesFetched += row.bytesFetched
    sum.reads += row.reads - row.denied
    sum.denied += row.denied
  }
  for (const voided of batch.voids) sums(voided.space).bytesVoided += voided.bytes
  // Taken away again: what is left over is a difference.
  for (const row of rows) {
    const sum = sums(row.space)
    sum.bytes -= row.bytes
    sum.bytesFetched -= row.bytesFetched
    sum.bytesVoided -= row.bytesVoided
    sum.reads -= row.reads
    sum.denied -= row.denied
  }
  for (const [space, left] of counted)
    if (Object.values(left).some((sum) => sum !== 0 && sum !== 0n)) return `space ${space}`
  return undefined
}
