/**
 * What an epoch's reads earn: a pure function of its summary rows, of what governance decided, and
 * of the issuance before. Source: receipts, section 6.7, steps 1 to 6.
 * @module
 */
import { compareBytes } from '../bytes.ts'
import { GIB_BYTES } from '../billing/money.ts'
import { CREDIT_SHARES_MAX } from '../limits/credits.ts'
import type { SummaryRow } from '../log/summary.ts'
import { policyJson, PPM, rulesByName } from './policy.ts'
import type { CreditPolicy, CreditPolicyJson, CreditRules } from './policy.ts'
import { compareBigints, scaleDown } from './scale.ts'

/** What governance put into the pool, once. */
export interface CreditSeed {
  /** Its own, and nobody else's. */
  readonly id: string
  /** Micro-credits, more than 0. */
  readonly amount: bigint
  /** First hour whose reads it may pay. */
  readonly epoch: number
}

/** What of a summary row counts. */
export type CreditRow = Pick<SummaryRow, 'space' | 'provider' | 'region' | 'bytes' | 'bytesVoided'>

/** What a provider earned in a region. */
export interface CreditShare {
  readonly provider: string
  readonly region: string
  /** Billable bytes of the epoch's reads less those that the epoch voided: may be below zero. */
  readonly bytes: bigint
  /**
   * Bytes of earlier epochs that were voided and are still to be taken off. What is left of them
   * afterwards is `max(0, debt - bytes)`.
   */
  readonly debt: bigint
  /** Micro-credits for the bytes that are left, before any cap. */
  readonly demand: bigint
  /** Micro-credits that were issued. */
  readonly amount: bigint
}

/** Why less was issued than was earned. */
export type LimitReason = 'shares' | 'provider_cap' | 'region_cap' | 'budget' | 'pool'

/** Names of reasons, in the order in which they are applied. */
export const LIMIT_REASONS: readonly LimitReason[] = [
  'shares',
  'provider_cap',
  'region_cap',
  'budget',
  'pool',
]

/** What was issued for an epoch: part of what is published when it is final. */
export interface Issuance {
  readonly epoch: number
  /** In force in that hour; null when there was none: then nothing is issued. */
  readonly policy: CreditPolicy | null
  /** What came into the pool since the issuance before, by hour and id. */
  readonly seeds: readonly CreditSeed[]
  /** Micro-credits in the pool, seeds included. */
  readonly poolBefore: bigint
  /** Most that could be issued: the epoch's budget, or what was in the pool. */
  readonly budget: bigint
  readonly issued: bigint
  /** `poolBefore - issued`: what the next issuance begins with. */
  readonly poolAfter: bigint
  /** Micro-credits that were earned and not issued. */
  readonly withheld: Readonly<Record<LimitReason, bigint>>
  /** By provider, then region, in ascending order of their UTF-8 bytes. */
  readonly shares: readonly CreditShare[]
}

/** What an issuance is made of. */
export interface IssuanceInput {
  readonly epoch: number
  /** The epoch's summary rows, in any order. */
  readonly rows: readonly CreditRow[]
  /** The newest whose `epoch` is not later. */
  readonly policy: CreditPolicy | undefined
  /** `poolAfter` of the issuance before; 0 for the first. */
  readonly pool: bigint
  /** Those whose `epoch` is not later, and that no issuance before had. */
  readonly seeds: readonly CreditSeed[]
  /** Debt of a provider in a region, after the issuance before. */
  readonly debtOf: (provider: string, region: string) => bigint
}

type Earned = Omit<CreditShare, 'amount'>

const utf8 = new TextEncoder()

/**
 * What the reads of an epoch earn. The result does not depend on the order of rows and seeds, nor
 * on how reads are spread over rows.
 *
 * Rows without a provider's name earn nothing; neither do pairs of weight 0, whose voided bytes
 * are no debt either: they took nothing.
 *
 * @throws {RangeError} when the pool or a debt is below zero
 * @example
 * const { issued, shares } = issue({ epoch, rows, policy, pool: 0n, seeds, debtOf: () => 0n })
 */
export function issue(input: IssuanceInput): Issuance {
  const { epoch, policy, pool } = input
  if (pool < 0n) throw new RangeError(`"pool" expected >= 0, got ${pool}`)
  const seeds = input.seeds.toSorted((a, b) => a.epoch - b.epoch || compareText(a.id, b.id))
  const poolBefore = seeds.reduce((sum, { amount }) => sum + amount, pool)
  const withheld = { shares: 0n, provider_cap: 0n, region_cap: 0n, budget: 0n, pool: 0n }
  const nothing = { budget: 0n, issued: 0n, poolAfter: poolBefore, withheld, shares: [] }
  if (policy === undefined) return { epoch, policy: null, seeds, poolBefore, ...nothing }

  const all = earnings(input, policy)
  const earned = bounded(all)
  withheld.shares = sumOf(all.map(({ demand }) => demand))
  for (const { demand } of earned) withheld.shares -= demand
  let amounts = earned.map(({ demand }) => demand)
  const limit = (reason: LimitReason, limited: bigint[]): void => {
    withheld[reason] += sumOf(amounts) - sumOf(limited)
    amounts = limited
  }
  limit('provider_cap', capped(earned, amounts, 'provider', policy.providers))
  limit('region_cap', capped(earned, amounts, 'region', policy.regions))
  const isPoolLow = poolBefore < policy.epochBudget
  const budget = isPoolLow ? poolBefore : policy.epochBudget
  limit(isPoolLow ? 'pool' : 'budget', scaleDown(amounts, budget))

  const issued = sumOf(amounts)
  const shares = earned.map((share, i) => Object.assign(share, { amount: amounts[i]! }))
  const poolAfter = poolBefore - issued
  return { epoch, policy, seeds, poolBefore, budget, issued, poolAfter, withheld, shares }
}

/** Debt of a share's provider and region after the issuance. */
export function debtAfter({ bytes, debt }: CreditShare): bigint {
  return debt > bytes ? debt - bytes : 0n
}

/** What each pair of provider and region earned, in the order of shares: one floor a pair. */
function earnings({ rows, debtOf }: IssuanceInput, policy: CreditPolicy): Earned[] {
  const weightOfProvider = rulesByName(policy.providers)
  const weightOfRegion = rulesByName(policy.regions)
  const earned: Earned[] = []
  for (const { provider, region, bytes } of sumPairs(rows, policy.ownTraffic)) {
    const weight =
      BigInt(weightOfProvider(provider).weightPpm) * BigInt(weightOfRegion(region).weightPpm)
    if (weight === 0n) continue
    const debt = debtOf(provider, region)
    if (debt < 0n) throw new RangeError(`"debtOf" expected >= 0, got ${debt}`)
    const counted = bytes > debt ? bytes - debt : 0n
    const demand = (counted * policy.microsPerGib * weight) / (GIB_BYTES * WEIGHT_UNIT)
    earned.push({ provider, region, bytes, debt, demand })
  }
  return earned
}

/**
 * What fits into an issuance: pairs with something to take off first, so that no debt is lost, then
 * those that earned most.
 */
function bounded(earned: Earned[]): Earned[] {
  if (earned.length <= CREDIT_SHARES_MAX) return earned
  const owes = ({ bytes, debt }: Earned): number => (bytes < 0n || debt > 0n ? 1 : 0)
  const order = [...earned.keys()].sort(
    (a, b) =>
      owes(earned[b]!) - owes(earned[a]!) ||
      compareBigints(earned[b]!.demand, earned[a]!.demand) ||
      a - b,
  )
  const kept = order.slice(0, CREDIT_SHARES_MAX).sort((a, b) => a - b)
  return kept.map((i) => earned[i]!)
}

/** Two weights of 1, multiplied. */
const WEIGHT_UNIT = BigInt(PPM) ** 2n

interface Pair {
  readonly provider: string
  readonly region: string
  bytes: bigint
}

function sumPairs(rows: readonly CreditRow[], ownTraffic: boolean): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const { space, provider, region, bytes, bytesVoided } of rows) {
    if (provider === '' || (!ownTraffic && space === provider)) continue
    // A length before the texts, so that no two pairs share a key.
    const key = `${provider.length}:${provider}${region}`
    const pair = pairs.get(key) ?? { provider, region, bytes: 0n }
    pair.bytes += bytes - bytesVoided
    pairs.set(key, pair)
  }
  return [...pairs.values()]
    .filter(({ bytes }) => bytes !== 0n)
    .sort((a, b) => compareText(a.provider, b.provider) || compareText(a.region, b.region))
}

/** Amounts after the caps of all providers, or of all regions. */
function capped(
  earned: readonly Earned[],
  amounts: readonly bigint[],
  by: 'provider' | 'region',
  rules: CreditRules,
): bigint[] {
  const ruleOf = rulesByName(rules)
  const limited = [...amounts]
  for (const [name, places] of Map.groupBy(earned.keys(), (i) => earned[i]![by])) {
    const { cap } = ruleOf(name)
    if (cap === null) continue
    const scaled = scaleDown(
      places.map((i) => amounts[i]!),
      cap,
    )
    for (const [nth, i] of places.entries()) limited[i] = scaled[nth]!
  }
  return limited
}

/** An issuance as it is published: amounts and bytes are decimal strings. */
export type IssuanceJson = {
  readonly epoch: number
  readonly policy: CreditPolicyJson | null
  readonly seeds: readonly {
    readonly id: string
    readonly amount: string
    readonly epoch: number
  }[]
  readonly poolBefore: string
  readonly budget: string
  readonly issued: string
  readonly poolAfter: string
  readonly withheld: Readonly<Record<LimitReason, string>>
  readonly shares: readonly Readonly<Record<keyof CreditShare, string>>[]
}

/**
 * An issuance for `JSON.stringify`, its keys in the order in which it is published.
 *
 * @example
 * JSON.stringify(issuanceJson(issuance)) // '{"epoch":498000,"policy":{…},"seeds":[],…}'
 */
export function issuanceJson(issuance: Issuance): IssuanceJson {
  const { epoch, policy, poolBefore, budget, issued, poolAfter, withheld } = issuance
  return {
    epoch,
    policy: policy === null ? null : policyJson(policy),
    seeds: issuance.seeds.map((seed) => ({
      id: seed.id,
      amount: String(seed.amount),
      epoch: seed.epoch,
    })),
    poolBefore: String(poolBefore),
    budget: String(budget),
    issued: String(issued),
    poolAfter: String(poolAfter),
    withheld: {
      shares: String(withheld.shares),
      provider_cap: String(withheld.provider_cap),
      region_cap: String(withheld.region_cap),
      budget: String(withheld.budget),
      pool: String(withheld.pool),
    },
    shares: issuance.shares.map((share) => ({
      provider: share.provider,
      region: share.region,
      bytes: String(share.bytes),
      debt: String(share.debt),
      demand: String(share.demand),
      amount: String(share.amount),
    })),
  }
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : compareBytes(utf8.encode(a), utf8.encode(b))
}
