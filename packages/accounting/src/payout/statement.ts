/**
 * What a storage node is paid for a month, beside what our own log says that we drew from it.
 *
 * A node's receipts say how many bytes were asked for, by whomever; the log says how many this
 * gateway got. Where the first is less, or much more than other clients explain, somebody is wrong.
 * @module
 */
import { DAY_EPOCHS, EPOCH_MS } from '@turnpike/core/billing/epoch'
import { GIB_BYTES, type Money } from '@turnpike/core/billing/money'
import { dayOf, type Period } from '@turnpike/core/billing/period'
import { PAYOUT_GRACE_MS } from '@turnpike/core/limits/payout'
import type { LedgerView } from '@turnpike/core/ports/ledger'
import type { Payouts } from '@turnpike/core/ports/payouts'

/** What was proven for a space on a day, and what we drew. */
export interface PayoutRow {
  /** Days since the Unix epoch, UTC. */
  readonly day: number
  readonly space: string
  readonly receipts: number
  /** Bytes of retrievals that receipts prove: what is paid. */
  readonly bytes: bigint
  /** Bytes that this gateway drew from the node, verified; undefined outside of the month. */
  readonly fetchedBytes: bigint | undefined
}

/** A node's statement of a month. */
export interface PayoutStatement {
  readonly gateway: string
  readonly provider: string
  readonly period: string
  /** `final` when no retrieval can come to it any more: then it never changes. */
  readonly status: 'draft' | 'final'
  readonly receipts: number
  readonly bytes: bigint
  readonly fetchedBytes: bigint
  /** Price of a GiB, and the amount, rounded down once; undefined where none is set. */
  readonly price: Money | undefined
  readonly amount: Money | undefined
  /** By day, then space. */
  readonly rows: readonly PayoutRow[]
}

/** Whose statement, and what it is made with. */
export interface PayoutQuery {
  readonly gateway: string
  readonly provider: string
  /** Names by which the log knows the node: its DID, and origins. */
  readonly names: readonly string[]
  readonly period: Period
  /** Price of a GiB. */
  readonly price: Money | undefined
  readonly nowMs: number
}

/** What it is made from. */
export interface PayoutDeps {
  readonly payouts: Pick<Payouts, 'paid'>
  readonly ledger: Pick<LedgerView, 'fetched'>
}

type MutableRow = { -readonly [K in keyof PayoutRow]: PayoutRow[K] }

/**
 * Makes the statement. Rows of days before the month are of receipts that came too late for theirs.
 *
 * @example
 * const statement = await makePayout(query, { payouts, ledger })
 */
export async function makePayout(
  { gateway, provider, names, period, price, nowMs }: PayoutQuery,
  { payouts, ledger }: PayoutDeps,
): Promise<PayoutStatement> {
  const rows = new Map<string, MutableRow>()
  const rowOf = (day: number, space: string): MutableRow => {
    const key = `${day} ${space}`
    const isInside = day * DAY_EPOCHS >= period.firstEpoch && day * DAY_EPOCHS < period.endEpoch
    const fetchedBytes = isInside ? 0n : undefined
    const row = rows.get(key) ?? { day, space, receipts: 0, bytes: 0n, fetchedBytes }
    rows.set(key, row)
    return row
  }
  for await (const paid of payouts.paid(provider, period.name))
    Object.assign(rowOf(paid.day, paid.space), { receipts: paid.receipts, bytes: paid.bytes })
  const { firstEpoch, endEpoch } = period
  for (const name of new Set(names))
    for (const { epoch, space, bytes } of await ledger.fetched({
      firstEpoch,
      endEpoch,
      provider: name,
    })) {
      const row = rowOf(dayOf(epoch), space)
      row.fetchedBytes = (row.fetchedBytes ?? 0n) + bytes
    }
  const sorted = [...rows.values()].toSorted(byDayAndSpace)
  const bytes = sorted.reduce((sum, row) => sum + row.bytes, 0n)
  return {
    gateway,
    provider,
    period: period.name,
    status: nowMs < endEpoch * EPOCH_MS + PAYOUT_GRACE_MS ? 'draft' : 'final',
    receipts: sorted.reduce((sum, row) => sum + row.receipts, 0),
    bytes,
    fetchedBytes: sorted.reduce((sum, row) => sum + (row.fetchedBytes ?? 0n), 0n),
    price,
    amount: price && { ...price, micros: (bytes * price.micros) / GIB_BYTES },
    rows: sorted,
  }
}

function byDayAndSpace(a: PayoutRow, b: PayoutRow): number {
  if (a.day !== b.day) return a.day - b.day
  return a.space < b.space ? -1 : a.space > b.space ? 1 : 0
}
