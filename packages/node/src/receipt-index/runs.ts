/**
 * The runs of an index of receipts in their folder: which there are, and that they stay few.
 * @module
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  RECEIPT_RUNS_OF_TIER_MAX,
  RECEIPT_TAIL_RECORDS_MAX,
} from '@turnpike/core/limits/receipt-index'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import { mergeRecords } from '@turnpike/core/receipt-index/merge'
import { makeDirectory, removeTemps, syncDirectory } from '../durable.ts'
import { Run, writeRun } from './run.ts'
import { parseRunName, runName, type RunRange } from './run-name.ts'

/**
 * Runs one after the other, each of the entries after those of the run before.
 *
 * A merged run stands beside those that it is made of until they are removed: after a crash the
 * wider one counts.
 */
export class Runs {
  readonly #directory: string
  #runs: readonly Run[]

  private constructor(directory: string, runs: readonly Run[]) {
    this.#directory = directory
    this.#runs = runs
  }

  /**
   * Opens a folder, which is made when it isn't there. What can't be of an index is removed: it
   * can be made again.
   */
  static async open(directory: string): Promise<Runs> {
    await makeDirectory(directory)
    await removeTemps(directory)
    const names = await readdir(directory)
    const ranges = names.flatMap((name) => parseRunName(name) ?? [])
    const kept = chainOf(ranges)
    for (const range of ranges)
      if (!kept.includes(range)) await rm(join(directory, runName(range)), { force: true })
    const runs: Run[] = []
    try {
      for (const range of kept) runs.push(new Run(directory, range))
      return new Runs(directory, runs)
    } catch (error) {
      for (const run of runs) run.close()
      if (!(error instanceof ReceiptIndexDamaged)) throw error
      const empty = new Runs(directory, [])
      await empty.#remove(kept)
      return empty
    }
  }

  /** The newest run. */
  get last(): RunRange | undefined {
    return this.#runs.at(-1)?.range
  }

  /** How many there are. */
  get count(): number {
    return this.#runs.length
  }

  /** @throws {ReceiptIndexDamaged} when a page is not what was written */
  find(receiptId: Uint8Array): number | undefined {
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const index = this.#runs[i]!.find(receiptId)
      if (index !== undefined) return index
    }
    return undefined
  }

  /**
   * Writes a run after the others.
   *
   * @throws {ReceiptIndexDamaged} when somebody removed the folder
   */
  async append(range: RunRange, pages: Iterable<Uint8Array>): Promise<void> {
    this.#runs = [...this.#runs, await this.#write(range, pages)]
  }

  /**
   * Merges runs that have become too many. When `signal` aborts, they stay as they are.
   *
   * @throws {ReceiptIndexDamaged} when one of them is not what was written
   */
  async merge(signal?: AbortSignal): Promise<void> {
    for (let last = this.#ofOneTier(); last.length > 1; last = this.#ofOneTier())
      await this.#mergeRuns(last, signal)
  }

  /** Removes all of them. Their folder is made when it isn't there. */
  async clear(): Promise<void> {
    const ranges = this.#runs.map((run) => run.range)
    this.close()
    await makeDirectory(this.#directory)
    await this.#remove(ranges)
  }

  close(): void {
    for (const run of this.#runs) run.close()
    this.#runs = []
  }

  /** The newest runs, when they are to become one. */
  #ofOneTier(): readonly Run[] {
    const tiers = this.#runs.map(({ range }) => tierOf(range.records))
    let first = tiers.length - 1
    while (first > 0 && tiers[first - 1]! <= tiers.at(-1)!) first--
    const isMany = tiers.length - first >= RECEIPT_RUNS_OF_TIER_MAX
    return isMany ? this.#runs.slice(first) : []
  }

  async #mergeRuns(merged: readonly Run[], signal: AbortSignal | undefined): Promise<void> {
    const ranges = merged.map((run) => run.range)
    const { end, tip } = ranges.at(-1)!
    const range: RunRange = {
      first: ranges[0]!.first,
      end,
      records: ranges.reduce((sum, { records }) => sum + records, 0),
      tip,
    }
    const pages = mergeRecords(merged.map((run) => run.pages()))
    const whole = await this.#write(range, pages, signal)
    this.#runs = [...this.#runs.slice(0, -merged.length), whole]
    for (const run of merged) run.close()
    await this.#remove(ranges)
  }

  async #write(range: RunRange, pages: Iterable<Uint8Array>, signal?: AbortSignal): Promise<Run> {
    try {
      await writeRun(this.#directory, range, pages, signal)
      return new Run(this.#directory, range)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new ReceiptIndexDamaged(runName(range), 'expected a folder for it, got none')
    }
  }

  async #remove(ranges: readonly RunRange[]): Promise<void> {
    for (const range of ranges) await rm(join(this.#directory, runName(range)), { force: true })
    await syncDirectory(this.#directory)
  }
}

/** Runs that follow each other, the widest where several begin; none where that leaves a gap. */
function chainOf(ranges: readonly RunRange[]): readonly RunRange[] {
  const ordered = ranges.toSorted((a, b) => a.first - b.first || b.end - a.end)
  const chain: RunRange[] = []
  for (const range of ordered) {
    const end = chain.at(-1)?.end ?? range.first
    if (range.end <= end) continue
    if (range.first !== end) return []
    chain.push(range)
  }
  return chain
}

/** Runs of one tier have about the same size: eight of one make one of the next. */
function tierOf(records: number): number {
  const runs = Math.max(1, records / RECEIPT_TAIL_RECORDS_MAX)
  return Math.floor(Math.log2(runs) / Math.log2(RECEIPT_RUNS_OF_TIER_MAX))
}
