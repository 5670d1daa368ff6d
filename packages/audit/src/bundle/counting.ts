/**
 * What entries add up to, by space, provider and region.
 * @module
 */
import { encodeHex } from '../base64.ts'
import { chargeOf, FETCH_WINDOW_ENTRIES } from '../charge.ts'
import type { Entry, Read } from '../entry.ts'
import type { Row } from '../row.ts'
import type { PlacedEntry } from './context.ts'

/**
 * Sums of the entries from `first` to before `end`. Those before are only there because others
 * point at them: a FETCH at its READ, a VOID at what it takes back.
 *
 * @example
 * const rows = countEntries(entries, { first: seal.first, end: seal.end - 1 })
 */
export function countEntries(
  entries: readonly PlacedEntry[],
  { first, end }: { readonly first: number; readonly end: number },
): Map<string, Row> {
  const rows = new Map<string, Row>()
  const byIndex = new Map<number, Entry>()
  const readers = new Map<string, Read & { readonly index: number }>()
  for (const { index, entry } of entries) {
    const charge = chargeOf(entry, otherOf(entry, index, { byIndex, readers }))
    if (charge !== undefined && index >= first && index < end) {
      const { space, provider, region, adds, executions } = charge
      const row = rowOf(rows, { space, provider, region })
      row.bytes += adds.bytes ?? 0n
      row.bytesFetched += adds.bytes_fetched ?? 0n
      row.reads += (adds.reads ?? 0n) - (adds.denied ?? 0n)
      row.denied += adds.denied ?? 0n
      row.bytesVoided += adds.bytes_voided ?? 0n
      row.executions += executions
    }
    byIndex.set(index, entry)
    if (entry.kind === 'read') readers.set(encodeHex(entry.id), { ...entry, index })
  }
  return rows
}

/** What tells rows apart. */
export function rowKey({
  space,
  provider,
  region,
}: Pick<Row, 'space' | 'provider' | 'region'>): string {
  return JSON.stringify([space, provider, region])
}

function otherOf(
  entry: Entry,
  index: number,
  known: {
    readonly byIndex: ReadonlyMap<number, Entry>
    readonly readers: ReadonlyMap<string, Read & { readonly index: number }>
  },
): Entry | undefined {
  if (entry.kind === 'void') return known.byIndex.get(entry.index)
  if (entry.kind !== 'fetch') return undefined
  const read = known.readers.get(encodeHex(entry.id))
  return read !== undefined && index - read.index <= FETCH_WINDOW_ENTRIES ? read : undefined
}

function rowOf(rows: Map<string, Row>, names: Pick<Row, 'space' | 'provider' | 'region'>): Row {
  const key = rowKey(names)
  let row = rows.get(key)
  if (row === undefined)
    rows.set(
      key,
      (row = {
        ...names,
        bytes: 0n,
        bytesFetched: 0n,
        reads: 0n,
        denied: 0n,
        executions: 0n,
        bytesVoided: 0n,
      }),
    )
  return row
}
