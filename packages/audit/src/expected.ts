/**
 * Sums that a ledger should have, in temporary tables beside its own, and the comparison.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** A value of SQLite; integers come as bigints. */
export type Value = bigint | string | Uint8Array | null

/** Rows that are added in memory before they go into the table. */
const PENDING_ROWS_MAX = 16_384

/** How a table of the ledger is compared. */
export interface TableOptions {
  /** What these rows are called, in messages and in the names of temporary tables. */
  readonly name: string
  /** The ledger's table, or what stands for it. */
  readonly table: string
  /** Its column of time, whose value is the same in all rows that are expected at once. */
  readonly time: string
  /** The other columns of its key; none where there is one row for each time. */
  readonly keys: readonly string[]
  /** Columns that are summed. */
  readonly counts: readonly string[]
}

/** A row that is not as it should be. */
export interface WrongRow {
  readonly time: bigint
  readonly keys: readonly Value[]
  readonly expected: readonly bigint[]
  /** Undefined when there is no such row. */
  readonly found: readonly bigint[] | undefined
}

/**
 * Rows expected in one table of the ledger at one time. They are kept on disk where they are many.
 *
 * @example
 * expected.add('7', [7n], [1n, 100n])
 * const wrong = expected.differences(498_576)
 * expected.clear()
 */
export class ExpectedRows {
  readonly options: TableOptions
  /** The temporary table. Its key begins with `one`, always 0, so that it has a column at least. */
  readonly #table: string
  readonly #database: DatabaseSync
  readonly #upsert: StatementSync
  readonly #different: StatementSync
  readonly #strays: StatementSync
  readonly #pending = new Map<string, { keys: readonly Value[]; counts: bigint[] }>()

  constructor(database: DatabaseSync, options: TableOptions) {
    const { name, keys, counts } = options
    this.options = options
    this.#table = `temp.expected_${name}`
    this.#database = database
    database.exec(
      `CREATE TABLE ${this.#table} (one NOT NULL, ${keys.map((key) => `${key} NOT NULL,`).join(' ')}
        ${counts.map((count) => `${count} INTEGER NOT NULL`).join()},
        PRIMARY KEY (${['one', ...keys].join()})) WITHOUT ROWID`,
    )
    this.#upsert = database.prepare(
      `INSERT INTO ${this.#table} VALUES (${[0, ...[...keys, ...counts].map(() => '?')].join()})
      ON CONFLICT DO UPDATE SET ${counts.map((c) => `${c} = ${c} + excluded.${c}`).join()}`,
    )
    this.#different = database.prepare(differencesSql(this.#table, options))
    this.#strays = database.prepare(straysSql(options))
    this.#different.setReadBigInts(true)
    this.#strays.setReadBigInts(true)
  }

  /** Adds counts to the row of `keys`; `name` tells rows apart. */
  add(name: string, keys: readonly Value[], counts: readonly bigint[]): void {
    const found = this.#pending.get(name)
    if (found !== undefined) {
      for (const [i, count] of counts.entries()) found.counts[i]! += count
      return
    }
    this.#pending.set(name, { keys, counts: [...counts] })
    if (this.#pending.size >= PENDING_ROWS_MAX) this.flush()
  }

  /** Adds the rows of another such table, summed by the keys of this one. */
  addAll(other: ExpectedRows): void {
    other.flush()
    const { keys, counts } = this.options
    const sums = counts.map((count) => `sum(${count})`)
    this.#database.exec(
      `INSERT INTO ${this.#table} SELECT ${['one', ...keys, ...sums].join()} FROM ${other.#table}
      WHERE true GROUP BY ${['one', ...keys].join()}
      ON CONFLICT DO UPDATE SET ${counts.map((c) => `${c} = ${c} + excluded.${c}`).join()}`,
    )
  }

  /** Puts what is in memory into the table. */
  flush(): void {
    for (const { keys, counts } of this.#pending.values()) this.#upsert.run(...keys, ...counts)
    this.#pending.clear()
  }

  /** Rows of the ledger at `time` that are not those expected, one after the other. */
  *differences(time: number): Iterable<WrongRow> {
    this.flush()
    for (const row of this.#different.iterate({ time })) yield this.#wrongRow(row)
  }

  /** Rows of the ledger between two times, where none is expected. */
  *strays(after: number, before: number): Iterable<WrongRow> {
    if (before - after > 1)
      for (const row of this.#strays.iterate({ after, before })) yield this.#wrongRow(row)
  }

  /** Expects nothing any more. */
  clear(): void {
    this.#pending.clear()
    this.#database.exec(`DELETE FROM ${this.#table}`)
  }

  #wrongRow(row: object): WrongRow {
    const values = row as Readonly<Record<string, bigint | null>>
    const { keys, counts } = this.options
    const found = counts.map((_, i) => values[`found_${i}`]!)
    return {
      time: values['time']!,
      keys: keys.map((key) => values[key]!),
      expected: counts.map((_, i) => values[`expected_${i}`] ?? 0n),
      found: found.includes(null as never) ? undefined : found,
    }
  }
}

/** Rows of both tables at `:time` that differ. Rows of nothing but zeros need not be there. */
function differencesSql(expected: string, { table, time, keys, counts }: TableOptions): string {
  const onKeys = ['e.one = 0', ...keys.map((key) => `l.${key} = e.${key}`)].join(' AND ')
  const onBoth = `l.${time} = :time AND ${onKeys}`
  const columns = (side: string): string[] => [
    ':time AS time',
    ...keys.map((key) => `${side}.${key} AS ${key}`),
    ...counts.map((count, i) => `e.${count} AS expected_${i}`),
    ...counts.map((count, i) => `l.${count} AS found_${i}`),
  ]
  const differ = counts.map((count) => `e.${count} <> coalesce(l.${count}, 0)`).join(' OR ')
  const someCount = counts.map((count) => `l.${count} <> 0`).join(' OR ')
  return `
    SELECT ${columns('e').join()} FROM ${expected} e LEFT JOIN ${table} l ON ${onBoth}
    WHERE ${differ}
    UNION ALL
    SELECT ${columns('l').join()} FROM ${table} l LEFT JOIN ${expected} e ON ${onKeys}
    WHERE l.${time} = :time AND e.one IS NULL AND (${someCount})`
}

function straysSql({ table, time, keys, counts }: TableOptions): string {
  const columns = [
    `${time} AS time`,
    ...keys,
    ...counts.map((count, i) => `${count} AS found_${i}`),
  ]
  const someCount = counts.map((count) => `${count} <> 0`).join(' OR ')
  return `
    SELECT ${columns.join()} FROM ${table}
    WHERE ${time} > :after AND ${time} < :before AND (${someCount})`
}
