/**
 * An epoch's summary rows: those that its entries make, and those of the file.
 * @module
 */
import { Items } from './cbor.ts'
import type { Charge, Count } from './charge.ts'
import { decodeRow } from './row.ts'
import type { Row } from './row.ts'
import { Tree, leafOf } from './tree.ts'

/** Rows of one epoch at most; what goes beyond is summed without names. */
const ROWS_MAX = 65_536

/** Rows of a file, and the root that a SEAL must have for them. */
export interface RowsFile {
  readonly rows: readonly Row[]
  readonly root: Uint8Array
}

/** Adds up an epoch. */
export class Summary {
  readonly #rows = new Map<string, Row>()
  /** The last row that something was added to: the next entry is often of the same. */
  #last: Row | undefined

  add({ space, provider, region, adds, executions }: Charge): void {
    const row = this.#row(space, provider, region)
    const of = (count: Count): bigint => adds[count] ?? 0n
    row.bytes += of('bytes')
    row.bytesFetched += of('bytes_fetched')
    row.reads += of('reads') - of('denied')
    row.denied += of('denied')
    row.executions += executions
    row.bytesVoided += of('bytes_voided')
  }

  /** The rows, in the order that they have in a file. */
  rows(): Row[] {
    return [...this.#rows.values()].sort(
      (a, b) =>
        compare(a.space, b.space) || compare(a.provider, b.provider) || compare(a.region, b.region),
    )
  }

  #row(space: string, provider: string, region: string): Row {
    const last = this.#last
    if (last?.space === space && last.provider === provider && last.region === region) return last
    return (this.#last = this.#find(space, provider, region))
  }

  #find(space: string, provider: string, region: string): Row {
    const key = `${space.length}.${provider.length}.${space}${provider}${region}`
    const found = this.#rows.get(key)
    if (found !== undefined) return found
    const isNameless = space === '' && provider === '' && region === ''
    if (this.#rows.size >= ROWS_MAX - 1 && !isNameless) return this.#find('', '', '')
    const row = { space, provider, region, ...NOTHING }
    this.#rows.set(key, row)
    return row
  }
}

const NOTHING = {
  bytes: 0n,
  bytesFetched: 0n,
  reads: 0n,
  denied: 0n,
  executions: 0n,
  bytesVoided: 0n,
}

/**
 * Rows of the file of an epoch.
 *
 * @throws {BadCbor} when it holds anything else
 */
export function decodeRows(bytes: Uint8Array): RowsFile {
  const tree = new Tree()
  const rows: Row[] = []
  const items = new Items(bytes)
  for (let left = items.length; left > 0; left--) {
    const encoded = items.bytes()
    tree.append(leafOf(encoded))
    rows.push(decodeRow(encoded))
  }
  items.end()
  return { rows, root: tree.root() }
}

/** A row as a person reads it. */
export function describeRow(row: Row | undefined): string {
  if (row === undefined) return 'no row'
  const { space, provider, region, ...sums } = row
  const counts = Object.entries(sums).map(([name, value]) => `${name} ${value}`)
  return `space "${space}", provider "${provider}", region "${region}": ${counts.join(', ')}`
}

function compare(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
