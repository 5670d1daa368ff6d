/**
 * Lots: what a provider got for one epoch, as it loses worth by the hour, is spent and expires.
 * Source: receipts, section 6.7.
 * @module
 */
import { formatMicros } from '../billing/money.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import { PPM } from './policy.ts'

/** What is left of what a provider got at once. */
export interface CreditLot {
  /** Which issuance it is of. */
  readonly number: number
  /** Micro-credits that it was worth in the hour `epoch`, more than 0. */
  readonly amount: bigint
  /** The hour that its decay counts from: that of the reads, or when it was last spent from. */
  readonly epoch: number
  /** First hour in which it is worth nothing. */
  readonly endEpoch: number
  /** Millionths that it loses in an hour. */
  readonly decayPpmPerHour: number
}

/** A provider's credits are worth less than what was to be spent. */
export class CreditShort extends Error {
  override readonly name = 'CreditShort'
  /** Both in micro-credits. */
  readonly worth: bigint
  readonly asked: bigint
  constructor(worth: bigint, asked: bigint) {
    super(
      `credits expected to be worth ${formatMicros(asked)}, got ${formatMicros(worth)}: spend less`,
    )
    this.worth = worth
    this.asked = asked
  }
}

/** What spending does to lots. */
export interface Spending {
  /** Lots that were touched, in the order in which they were: what they are afterwards. */
  readonly touched: readonly (Omit<CreditLot, 'amount'> & {
    /** 0 for one that is used up, or expired. */
    readonly amount: bigint
  })[]
  /** Micro-credits that touched lots had lost by then. */
  readonly sunk: bigint
}

/**
 * Bits of a power's fraction. The last few of them go up and down with the order of roundings: with
 * 64, a lot of 2^60 would gain by an hour now and then. Amounts have 62 bits and never see these.
 */
const Q_BITS = 128n
const Q = 1n << Q_BITS

/**
 * What is left of 2^128 after some hours, each product rounded down.
 *
 * @param hours 0 to `CREDIT_TTL_HOURS_MAX`
 * @example
 * (amount * keptAfter(1000, 24)) >> 128n
 */
export function keptAfter(decayPpmPerHour: number, hours: number): bigint {
  const kept = (Q * BigInt(PPM - decayPpmPerHour)) / BigInt(PPM)
  let result = Q
  for (const digit of hours.toString(2)) {
    result = (result * result) >> Q_BITS
    if (digit === '1') result = (result * kept) >> Q_BITS
  }
  return result
}

/**
 * What a lot is worth in an hour, in micro-credits. An hour before its own counts as its own.
 *
 * @example
 * worthOf({ number: 1, amount: 100n, epoch: 5, endEpoch: 9, decayPpmPerHour: 500_000 }, 6) // 50n
 */
export function worthOf(lot: CreditLot, epoch: number): bigint {
  return worthIn(epoch)(lot)
}

/**
 * What lots are worth in an hour. Lots of one hour and policy lose the same part, which is worked
 * out once: it takes most of the time.
 *
 * @example
 * const worthOf = worthIn(epoch)
 * const worth = lots.reduce((sum, lot) => sum + worthOf(lot), 0n)
 */
export function worthIn(epoch: number): (lot: CreditLot) => bigint {
  const known = new Map<string, bigint>()
  return (lot) => {
    if (epoch >= lot.endEpoch) return 0n
    const hours = Math.max(0, epoch - lot.epoch)
    const key = `${lot.decayPpmPerHour} ${hours}`
    const kept = known.get(key) ?? keptAfter(lot.decayPpmPerHour, hours)
    known.set(key, kept)
    return (lot.amount * kept) >> Q_BITS
  }
}

/**
 * Orders lots as they are spent: those that expire first, then the older.
 *
 * @example
 * lots.toSorted(compareLots)
 */
export function compareLots(a: CreditLot, b: CreditLot): number {
  return a.endEpoch - b.endEpoch || a.number - b.number
}

/**
 * Spends from lots, those that expire first before others. Lots that it doesn't touch stay as they
 * are, and so does the expiry of those that it does.
 *
 * @param lots all of one provider, in any order
 * @throws {RangeError} when nothing, or less, is to be spent
 * @example
 * const { ok: spending, error } = spendFrom(lots, 2_500_000n, epoch)
 */
export function spendFrom(
  lots: readonly CreditLot[],
  micros: bigint,
  epoch: number,
): Result<Spending, CreditShort> {
  if (micros <= 0n) throw new RangeError(`"micros" expected > 0, got ${micros}`)
  const touched: Spending['touched'][number][] = []
  const worthNow = worthIn(epoch)
  let left = micros
  let sunk = 0n
  for (const lot of lots.toSorted(compareLots)) {
    if (left === 0n) break
    const worth = worthNow(lot)
    const taken = worth < left ? worth : left
    left -= taken
    sunk += lot.amount - worth
    touched.push({ ...lot, amount: worth - taken, epoch: Math.max(epoch, lot.epoch) })
  }
  return left === 0n ? ok({ touched, sunk }) : fail(new CreditShort(micros - left, micros))
}
