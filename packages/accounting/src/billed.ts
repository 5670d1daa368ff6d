/**
 * What ownerships are billed for in a period: the same hours and credits as in their statements,
 * added up from the sums that the ledger keeps.
 * @module
 */
import { addCounts, noCounts } from '@turnpike/core/billing/counts'
import { billedSpan, creditedSpan, endOf } from '@turnpike/core/billing/ownership'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { unitOf } from '@turnpike/core/billing/unit'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { LedgerUnit, LedgerView, UsageCounts } from '@turnpike/core/ports/ledger'
import type { Ownership } from '@turnpike/core/ports/provisioning'
import type { StorageHistory } from '@turnpike/core/ports/usage'

/** What is added up. */
export interface BilledSources {
  readonly ledger: Pick<LedgerView, 'sums' | 'voids'>
  readonly storage: Pick<StorageHistory, 'byteMs' | 'sums'>
  /** First hour whose storage may still change: hours from it on are left out. */
  readonly storedUntil: number
}

/** Sums over what was read and stored. */
export interface UsageSums extends UsageCounts {
  readonly storageByteMs: bigint
}

/** How to split sums into rows. */
export interface Split {
  readonly bySpace?: boolean | undefined
  readonly by?: LedgerUnit | undefined
}

/** Sums of a space, of a time, or of both. */
export interface BilledRow extends UsageSums {
  /** Empty unless rows are split by space. */
  readonly space: string
  /** Hours, days or months since the Unix epoch; 0 unless rows are split by time. */
  readonly time: number
}

/** Sums, and their rows where a split was asked for: by space, then time. */
export interface Billed {
  readonly total: UsageSums
  readonly rows: readonly BilledRow[]
}

type OpenSums = { -readonly [K in keyof UsageSums]: UsageSums[K] }

/**
 * Sums over the hours that are billed for ownerships of one customer in a period. A VOID credits
 * whoever owned the space when what it voids was read, in the hour of the VOID.
 *
 * @example
 * const { total } = await billedOf(sources, await owners.ofCustomer(customer), period)
 */
export async function billedOf(
  sources: BilledSources,
  ownerships: readonly Ownership[],
  period: EpochSpan,
  split: Split = {},
): Promise<Billed> {
  const sheet = new Sheet(split)
  const spans = ownerships.flatMap((owned) => {
    const span = billedSpan(owned, period)
    return span === undefined ? [] : [{ space: owned.space, ...span }]
  })
  const { total, rows } = await sources.ledger.sums({ spans, ...split })
  for (const row of sheet.isSplit ? rows : [{ space: '', time: 0, ...total }]) sheet.addReads(row)
  for (const owned of await voidedOf(sources, ownerships, period))
    await addCredits(sheet, sources, owned, period)
  for (const span of spans) await addStorage(sheet, sources, span)
  return sheet.billed()
}

/** Ownerships of spaces that VOIDs may credit: nearly always none, which one question tells. */
async function voidedOf(
  { ledger }: BilledSources,
  ownerships: readonly Ownership[],
  period: EpochSpan,
): Promise<readonly Ownership[]> {
  let firstEpoch = period.firstEpoch
  for (const owned of ownerships)
    firstEpoch = Math.min(firstEpoch, creditedSpan(owned, period)?.firstEpoch ?? firstEpoch)
  const spaces = new Set(ownerships.map(({ space }) => space))
  const spans = [...spaces].map((space) => ({ space, firstEpoch, endEpoch: period.endEpoch }))
  const { rows } = await ledger.sums({ spans, bySpace: true })
  const voided = new Set(rows.filter(({ bytesVoided }) => bytesVoided > 0n).map((row) => row.space))
  return ownerships.filter(({ space }) => voided.has(space))
}

async function addCredits(
  sheet: Sheet,
  { ledger }: BilledSources,
  owned: Ownership,
  period: EpochSpan,
): Promise<void> {
  const span = creditedSpan(owned, period)
  if (span === undefined) return
  const { space } = owned
  for (const { epoch, targetEpoch, bytes } of await ledger.voids({ space, ...span }))
    if (owned.firstEpoch <= targetEpoch && targetEpoch < endOf(owned))
      sheet.rowOf(space, epoch).bytesVoided += bytes
}

async function addStorage(
  sheet: Sheet,
  { storage, storedUntil }: BilledSources,
  { space, ...span }: EpochSpan & { readonly space: SpaceDid },
): Promise<void> {
  const endEpoch = Math.min(span.endEpoch, storedUntil)
  if (endEpoch <= span.firstEpoch) return
  const stored = { space, firstEpoch: span.firstEpoch, endEpoch }
  const { by } = sheet.split
  if (by === undefined) {
    const [byteMs] = await storage.byteMs([stored])
    if (byteMs !== 0n) sheet.rowOf(space, span.firstEpoch).storageByteMs += byteMs!
    return
  }
  for (const { time, byteMs } of await storage.sums(stored, by))
    sheet.rowAt(space, time).storageByteMs += byteMs
}

/** Rows while they are added up. */
class Sheet {
  readonly split: Split
  readonly #rows = new Map<string, OpenSums & { readonly space: string; readonly time: number }>()

  constructor(split: Split) {
    this.split = split
  }

  get isSplit(): boolean {
    return this.split.bySpace === true || this.split.by !== undefined
  }

  /** Adds all but VOIDs: whom they are credited to is not said by the hour in which they came. */
  addReads({ space, time, ...counts }: UsageCounts & { space: string; time: number }): void {
    addCounts(this.rowAt(space, time), { ...counts, bytesVoided: 0n })
  }

  /** The row that an hour of a space belongs to. */
  rowOf(space: string, epoch: number): OpenSums {
    return this.rowAt(space, this.split.by === undefined ? 0 : unitOf(this.split.by, epoch))
  }

  rowAt(space: string, time: number): OpenSums {
    const name = this.split.bySpace === true ? space : ''
    const key = `${time}:${name}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { space: name, time, ...noCounts(), storageByteMs: 0n }
      this.#rows.set(key, row)
    }
    return row
  }

  billed(): Billed {
    const total: OpenSums = { ...noCounts(), storageByteMs: 0n }
    for (const row of this.#rows.values()) {
      addCounts(total, row)
      total.storageByteMs += row.storageByteMs
    }
    return { total, rows: this.isSplit ? [...this.#rows.values()].toSorted(compareRows) : [] }
  }
}

function compareRows(a: BilledRow, b: BilledRow): number {
  if (a.space !== b.space) return a.space < b.space ? -1 : 1
  return a.time - b.time
}
