/**
 * Counts an epoch's entries into the rows of its summary.
 * @module
 */
import { SUMMARY_ROWS_MAX } from '@turnpike/core/limits/log'
import { SALT_BYTES, compareRows } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import type { LogEntry } from '@turnpike/core/log/entry'
import type { Random } from '@turnpike/core/ports/runtime'
import { Charges } from './charge.ts'
import type { Charge } from './charge.ts'
import { EntriesDropped } from './errors.ts'
import { decodeLogged } from './reader.ts'
import type { LogReader } from './reader.ts'

type Sums = { -readonly [K in keyof Omit<SummaryRow, 'salt'>]: SummaryRow[K] }

/**
 * Sums of one epoch, entry by entry. They are not part of a commit: whoever starts in the middle
 * of an epoch counts it again from the log, when it is sealed, with the same result.
 *
 * @example
 * const count = await SummaryCount.from(reader, epoch.first)
 * const rows = count.rows(random)
 */
export class SummaryCount {
  readonly #charges: Charges
  readonly #rows = new Map<string, Sums>()
  #next: number

  private constructor(charges: Charges, first: number) {
    this.#charges = charges
    this.#next = first
  }

  /** Counts the log from `first`, an epoch's first index, to `end`, or to the log's end. */
  static async from(
    reader: LogReader,
    first: number,
    end: number = reader.state.size,
  ): Promise<SummaryCount> {
    return new SummaryCount(new Charges(), first).#through(reader, end)
  }

  /** Counts on from `next`, an index inside an epoch, before which it came to `rows`. */
  static async resumed(
    reader: LogReader,
    rows: readonly SummaryRow[],
    next: number,
  ): Promise<SummaryCount> {
    const count = new SummaryCount(new Charges(), next)
    for (const { salt: _, ...sums } of rows) count.#rows.set(keyOf(sums), sums)
    return count.#through(reader, reader.state.size)
  }

  /** Index of the entry that `add` takes next. */
  get next(): number {
    return this.#next
  }

  /** Counts the entry at `next`; `voided` is the one that a VOID names. */
  add(entry: LogEntry, voided: LogEntry | undefined): void {
    const charge = this.#charges.charge(this.#next++, entry, voided)
    if (charge === undefined) return
    const sums = this.#sums(charge)
    sums.bytes += charge.bytes
    sums.bytesFetched += charge.bytesFetched
    sums.reads += charge.reads - charge.denied
    sums.denied += charge.denied
    sums.executions += charge.executions
    sums.bytesVoided += charge.bytesVoided
  }

  /** Steps over the SEAL at `next`, and begins the epoch after it. */
  endEpoch(): void {
    this.#charges.skip(this.#next++)
    this.#rows.clear()
  }

  /** Rows so far in their order, each with a fresh salt. */
  rows(random: Random): SummaryRow[] {
    return Array.from(this.#rows.values(), (sums) => ({
      ...sums,
      salt: random.bytes(SALT_BYTES),
    })).toSorted(compareRows)
  }

  async #through(reader: LogReader, end: number): Promise<SummaryCount> {
    const first = this.#next
    await this.#charges.warm(reader, first)
    for await (const run of reader.runs(first, end))
      for (const [i, bytes] of run.entries.entries()) {
        const entry = decodeLogged(run.first + i, bytes)
        this.add(entry, await voidedBy(reader, entry))
      }
    return this
  }

  #sums(charge: Charge): Sums {
    const { space, provider, region } = charge
    const key = keyOf(charge)
    const found = this.#rows.get(key)
    if (found !== undefined) return found
    // A bound on names that others may choose: the rest is summed without them.
    const named = this.#rows.size < SUMMARY_ROWS_MAX - 1 || key === NAMELESS_KEY
    if (!named) return this.#sums({ ...charge, space: '', provider: '', region: '' })
    const sums = { space, provider, region, ...ZERO }
    this.#rows.set(key, sums)
    return sums
  }
}

/** Lengths before the texts, so that no two triples share a key. */
function keyOf({ space, provider, region }: Pick<Sums, 'space' | 'provider' | 'region'>): string {
  return `${space.length}:${provider.length}:${space}${provider}${region}`
}

const NAMELESS_KEY = '0:0:'
const ZERO = {
  bytes: 0n,
  bytesFetched: 0n,
  reads: 0,
  denied: 0,
  executions: 0,
  bytesVoided: 0n,
}

/**
 * The entry that a VOID names; undefined for other entries, for a VOID of none before it, and for
 * one of an entry that was no longer kept when it came: that adds nothing.
 */
export async function voidedBy(reader: LogReader, logged: LogEntry): Promise<LogEntry | undefined> {
  if (logged.kind !== 'void' || logged.entry.index >= reader.state.size) return undefined
  try {
    return await reader.entry(logged.entry.index)
  } catch (error) {
    if (error instanceof EntriesDropped) return undefined
    throw error
  }
}
