/**
 * Compares the ledger with what the log's SEALs say of their epochs.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { decodeRows, rowsPath, summaryRoot } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import type { LedgerView, UsageCounts } from '@turnpike/core/ports/ledger'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogReader } from './reader.ts'
import type { LogState } from './state.ts'

/** An epoch of which log and ledger say different things. */
export interface LogDifference {
  readonly epoch: number
  /** What differs, such as `bytes`; `rows` where the summary is not the one that was sealed. */
  readonly quantity: string
  readonly log: bigint
  readonly ledger: bigint
}

/** What was compared, and what differs. */
export interface LogComparison {
  /** Sealed epochs that were compared. */
  readonly epochs: number
  readonly differences: readonly LogDifference[]
}

/** What is compared. */
export interface CompareDeps {
  readonly store: LogStore
  readonly hasher: Hasher
  readonly ledger: LedgerView
}

/**
 * Compares the sealed epochs of a span. Rows count only when their root is the one in the SEAL.
 *
 * @throws {LogCorrupt} when a SEAL is missing or altered
 * @example
 * const { differences } = await compareWithLog(deps, state, period)
 */
export async function compareWithLog(
  { store, hasher, ledger }: CompareDeps,
  state: LogState,
  span: EpochSpan,
): Promise<LogComparison> {
  const reader = new LogReader(store, hasher, state)
  const differences: LogDifference[] = []
  let epochs = 0
  for (let end = state.sealed?.end ?? 0; end > 0;) {
    const { epoch, first, summaryRoot: sealed } = await reader.seal(end)
    if (epoch < span.firstEpoch) break
    end = first
    if (epoch >= span.endEpoch) continue
    epochs++
    const file = await store.get(rowsPath(epoch))
    const rows = file && decodeRows(file).ok
    if (rows === undefined || !bytesEqual(summaryRoot(hasher, rows), sealed)) {
      differences.push({ epoch, quantity: 'rows', log: 0n, ledger: 0n })
      continue
    }
    const { total } = await ledger.query({ firstEpoch: epoch, endEpoch: epoch + 1 })
    differences.push(...compare(epoch, rows, total))
  }
  return { epochs, differences }
}

function compare(
  epoch: number,
  rows: readonly SummaryRow[],
  counted: UsageCounts,
): readonly LogDifference[] {
  const sum = (value: (row: SummaryRow) => bigint): bigint =>
    rows.reduce((total, row) => total + value(row), 0n)
  const pairs: readonly (readonly [quantity: string, log: bigint, ledger: bigint])[] = [
    ['bytes', sum((row) => row.bytes), counted.bytes],
    ['bytesVoided', sum((row) => row.bytesVoided), counted.bytesVoided],
    ['bytesFetched', sum((row) => row.bytesFetched), counted.bytesFetched],
    ['reads', sum((row) => BigInt(row.reads + row.denied)), BigInt(counted.reads)],
    ['denied', sum((row) => BigInt(row.denied)), BigInt(counted.denied)],
  ]
  return pairs
    .filter(([, log, ledger]) => log !== ledger)
    .map(([quantity, log, ledger]) => ({ epoch, quantity, log, ledger }))
}
