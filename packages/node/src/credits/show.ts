/**
 * Credits as they are shown: amounts in decimals, hours in ISO 8601.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { formatMicros } from '@turnpike/core/billing/money'
import { LIMIT_REASONS, type IssuanceJson, type LimitReason } from '@turnpike/core/credits/issuance'
import { compareLots, worthIn } from '@turnpike/core/credits/lots'
import type { CreditPolicy, CreditRule, CreditRules } from '@turnpike/core/credits/policy'
import { PPM } from '@turnpike/core/credits/policy'
import {
  CREDIT_HOLDERS_LISTED_MAX,
  CREDIT_ISSUANCES_LISTED_MAX,
  CREDIT_ROWS_MAX,
} from '@turnpike/core/limits/credits'
import { isoOfEpoch } from '../provisioning/show.ts'
import { creditEvents, waitingSeeds } from './events.ts'
import { creditHolders, creditSpends, lotsOf, worthOfAll } from './lots.ts'
import { rowsOf } from './rows.ts'
import { creditSums } from './sums.ts'

/** Where all credits are. */
export interface ShownCredits {
  readonly seeded: string
  /** Not issued yet; of that, what was put in for later reads or waits for the next issuance. */
  readonly pool: string
  readonly waiting: string
  /** In lots, as they were issued or last spent from. */
  readonly held: string
  readonly spent: string
  /** Decayed or expired. */
  readonly sunk: string
}

/** What one provider holds. */
export interface ShownHolder {
  readonly provider: string
  /** Now. */
  readonly worth: string
  /** Those that are spent first, first; the first 1,000. */
  readonly lots: readonly {
    readonly reads: string
    readonly worth: string
    readonly expires: string
  }[]
}

/** Rules of one kind, as a file of a policy has them. */
export interface ShownRule {
  readonly weight: string
  readonly cap?: string
}

/** A policy, in the terms of its file. */
export interface ShownPolicy {
  readonly id: string
  readonly from: string
  readonly perGib: string
  readonly epochBudget: string
  readonly ownTraffic: boolean
  readonly providers: Readonly<Record<string, ShownRule>>
  readonly otherProviders: ShownRule
  readonly regions: Readonly<Record<string, ShownRule>>
  readonly otherRegions: ShownRule
  readonly lostPerHour: string
  readonly ttlHours: number
}

/** An issuance in short; `<epoch>.final` has all of it. */
export interface ShownIssuance {
  readonly epoch: number
  readonly reads: string
  /** Null where no policy was in force. */
  readonly policy: string | null
  readonly issued: string
  readonly pool: string
  readonly providers: number
  /** What was earned and not issued, by reason. */
  readonly withheld: Readonly<Partial<Record<LimitReason, string>>>
}

/** A decision of governance. */
export interface ShownEvent {
  readonly id: string
  readonly kind: 'seed' | 'policy'
  readonly amount: string | null
  readonly from: string
  readonly decided: string
  readonly note: string
}

/** What was spent. */
export interface ShownSpend {
  readonly id: string
  readonly provider: string
  readonly amount: string
  readonly at: string
  readonly note: string
}

/** The sums. */
export function shownCredits(database: DatabaseSync): ShownCredits {
  const { seeded, pool, held, spent, sunk } = creditSums(database)
  const seeds = waitingSeeds(database, Number.MAX_SAFE_INTEGER)
  const waiting = seeds.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    seeded: formatMicros(seeded),
    pool: formatMicros(pool),
    waiting: formatMicros(waiting),
    held: formatMicros(held),
    spent: formatMicros(spent),
    sunk: formatMicros(sunk),
  }
}

/** What a provider holds in an hour, lot by lot. */
export function shownHolder(database: DatabaseSync, provider: string, epoch: number): ShownHolder {
  const lots = lotsOf(database, provider).toSorted(compareLots)
  const worthOf = worthIn(epoch)
  const hours = readHours(database, provider)
  return {
    provider,
    worth: formatMicros(worthOfAll(lots, worthOf)),
    lots: lots
      .filter((lot) => worthOf(lot) > 0n)
      .slice(0, CREDIT_ROWS_MAX)
      .map((lot) => ({
        reads: isoOfEpoch(hours.get(lot.number)!),
        worth: formatMicros(worthOf(lot)),
        expires: isoOfEpoch(lot.endEpoch),
      })),
  }
}

/** Hours of the reads that lots are for, by issuance: spending gives a lot another. */
function readHours(database: DatabaseSync, provider: string): ReadonlyMap<number, number> {
  const sql = `SELECT l.issuance, i.epoch FROM credit_lots l
     JOIN credit_issuances i ON i.number = l.issuance WHERE l.provider = ?`
  const rows = rowsOf(database, sql, provider)
  return new Map(rows.map((row) => [Number(row['issuance']), Number(row['epoch'])]))
}

/** What each provider holds in an hour, the first 100 of them. */
export function shownHolders(
  database: DatabaseSync,
  epoch: number,
): Pick<ShownHolder, 'provider' | 'worth'>[] {
  const worthOf = worthIn(epoch)
  return creditHolders(database, CREDIT_HOLDERS_LISTED_MAX).map((provider) => ({
    provider,
    worth: formatMicros(worthOfAll(lotsOf(database, provider), worthOf)),
  }))
}

/** A policy. */
export function shownPolicy(policy: CreditPolicy): ShownPolicy {
  const { id, epoch, providers, regions, ownTraffic, ttlHours } = policy
  return {
    id,
    from: isoOfEpoch(epoch),
    perGib: formatMicros(policy.microsPerGib),
    epochBudget: formatMicros(policy.epochBudget),
    ownTraffic,
    providers: shownRules(providers),
    otherProviders: shownRule(providers.others),
    regions: shownRules(regions),
    otherRegions: shownRule(regions.others),
    lostPerHour: ppmText(policy.decayPpmPerHour),
    ttlHours,
  }
}

/** Issuances, the last first: the first 100. */
export function shownIssuances(database: DatabaseSync): ShownIssuance[] {
  const sql = 'SELECT issuance FROM credit_issuances ORDER BY number DESC LIMIT ?'
  return rowsOf(database, sql, CREDIT_ISSUANCES_LISTED_MAX).map(({ issuance }) => {
    const { epoch, policy, issued, poolAfter, withheld, shares } = JSON.parse(
      String(issuance),
    ) as IssuanceJson
    const paid = shares.filter(({ amount }) => amount !== '0')
    const reasons = LIMIT_REASONS.filter((reason) => withheld[reason] !== '0')
    return {
      epoch,
      reads: isoOfEpoch(epoch),
      policy: policy?.id ?? null,
      issued: formatMicros(BigInt(issued)),
      pool: formatMicros(BigInt(poolAfter)),
      providers: new Set(paid.map(({ provider }) => provider)).size,
      withheld: Object.fromEntries(
        reasons.map((reason) => [reason, formatMicros(BigInt(withheld[reason]))]),
      ),
    }
  })
}

/** Decisions, the last first: the first 1,000. */
export function shownEvents(database: DatabaseSync): ShownEvent[] {
  return creditEvents(database, CREDIT_ROWS_MAX).map(({ id, kind, micros, epoch, atMs, note }) => ({
    id,
    kind,
    amount: micros === undefined ? null : formatMicros(micros),
    from: isoOfEpoch(epoch),
    decided: new Date(atMs).toISOString(),
    note,
  }))
}

/** Spends, the last first: the first 1,000. */
export function shownSpends(database: DatabaseSync): ShownSpend[] {
  return creditSpends(database, CREDIT_ROWS_MAX).map(({ id, provider, micros, atMs, note }) => ({
    id,
    provider,
    amount: formatMicros(micros),
    at: new Date(atMs).toISOString(),
    note,
  }))
}

function shownRules({ named }: CreditRules): Readonly<Record<string, ShownRule>> {
  return Object.fromEntries(named.map((rule) => [rule.name, shownRule(rule)]))
}

function shownRule({ weightPpm, cap }: CreditRule): ShownRule {
  const weight = ppmText(weightPpm)
  return cap === null ? { weight } : { weight, cap: formatMicros(cap) }
}

function ppmText(ppm: number): string {
  return String(ppm / PPM)
}
