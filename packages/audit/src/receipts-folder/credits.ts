/**
 * What an epoch's reads earn, worked out anew from its rows (docs/reference/issuances.md).
 * @module
 */
import { BadBundle, asCount, asInteger, asList, asObject, asText } from '../bundle/fields.ts'
import type { Fields } from '../bundle/fields.ts'
import type { Row } from '../row.ts'

/** What of a row counts. */
export type EarningRow = Pick<Row, 'space' | 'provider' | 'region' | 'bytes' | 'bytesVoided'>

/** How a provider or a region counts. */
interface Rule {
  readonly weightPpm: bigint
  readonly cap: bigint | null
}

/** What of a policy decides on an issuance. */
interface Policy {
  readonly id: string
  readonly epoch: number
  readonly microsPerGib: bigint
  readonly epochBudget: bigint
  readonly ownTraffic: boolean
  readonly ruleOfProvider: (name: string) => Rule
  readonly ruleOfRegion: (name: string) => Rule
}

/** What a provider earns in a region. */
interface Share {
  readonly provider: string
  readonly region: string
  readonly bytes: bigint
  readonly debt: bigint
  readonly demand: bigint
  amount: bigint
}

const GIB = 1n << 30n
const PPM_SQUARED = 10n ** 12n
/** Seeds, or rules of one kind, of one issuance. */
const LISTED_MAX = 1_000_000
/** Shares of one issuance: so many fit into a file. */
const SHARES_MAX = 8192
const REASONS = ['shares', 'provider_cap', 'region_cap', 'budget', 'pool'] as const

/**
 * Issues epoch after epoch, from the seeds and policies that the published issuances name.
 *
 * @example
 * const replay = new CreditsReplay()
 * const { expected } = replay.issue(epoch, rows, issuance)
 */
export class CreditsReplay {
  #pool = 0n
  readonly #debts = new Map<string, bigint>()
  readonly #seeds = new Set<string>()
  /** Text of each policy, by its id. */
  readonly #policies = new Map<string, string>()
  #policyEpoch = 0

  /**
   * What the issuance of an epoch must have been, as its `.final` has it.
   *
   * @param published where policy and seeds are taken from, which nobody but governance decides
   * @throws {BadBundle} when these are no policy and seeds, or are none for this epoch
   */
  issue(epoch: number, rows: readonly EarningRow[], published: Fields): Fields {
    const seeds = this.#seedsOf(epoch, published)
    const policy = this.#policyOf(epoch, published)
    const poolBefore = seeds.reduce((sum, { amount }) => sum + amount, this.#pool)
    const all = policy === null ? [] : this.#demands(policy, rows)
    const shares = mostThatFit(all)
    const isPoolLow = policy === null || poolBefore < policy.epochBudget
    const budget = policy === null ? 0n : isPoolLow ? poolBefore : policy.epochBudget
    const withheld: Record<string, bigint> = Object.fromEntries(REASONS.map((one) => [one, 0n]))
    withheld['shares'] = sumOf(all) - sumOf(shares)
    const limit = (reason: (typeof REASONS)[number], by: () => void): void => {
      const before = sumOf(shares)
      by()
      withheld[reason]! += before - sumOf(shares)
    }
    if (policy !== null) {
      limit('provider_cap', () => capEach(shares, 'provider', policy.ruleOfProvider))
      limit('region_cap', () => capEach(shares, 'region', policy.ruleOfRegion))
      limit(isPoolLow ? 'pool' : 'budget', () => scaleDown(shares, budget))
    }
    const issued = sumOf(shares)
    this.#pool = poolBefore - issued
    for (const { provider, region, bytes, debt } of shares)
      this.#debts.set(keyOf(provider, region), debt > bytes ? debt - bytes : 0n)
    return {
      epoch,
      policy: published['policy'],
      seeds: seeds.map((seed) => ({ id: seed.id, amount: `${seed.amount}`, epoch: seed.epoch })),
      poolBefore: `${poolBefore}`,
      budget: `${budget}`,
      issued: `${issued}`,
      poolAfter: `${this.#pool}`,
      withheld: Object.fromEntries(REASONS.map((one) => [one, `${withheld[one]}`])),
      shares: shares.map((share) => ({
        provider: share.provider,
        region: share.region,
        bytes: `${share.bytes}`,
        debt: `${share.debt}`,
        demand: `${share.demand}`,
        amount: `${share.amount}`,
      })),
    }
  }

  /** Seeds count once, in the first issuance of their hour or later. */
  #seedsOf(epoch: number, published: Fields): { id: string; amount: bigint; epoch: number }[] {
    const seeds = asList(published['seeds'], 'seeds', LISTED_MAX).map((value) => {
      const seed = asObject(value, 'seed')
      const id = asText(seed['id'], 'id')
      const [amount, from] = [asInteger(seed['amount'], id), asCount(seed['epoch'], id)]
      if (this.#seeds.has(id)) throw new BadBundle(`seed ${id} expected to count once`)
      if (from > epoch || amount <= 0n)
        throw new BadBundle(`seed ${id} expected more than 0, of an hour up to ${epoch}`)
      this.#seeds.add(id)
      return { id, amount, epoch: from }
    })
    return seeds.toSorted((a, b) => a.epoch - b.epoch || compareText(a.id, b.id))
  }

  /** A policy never changes, and no older one comes back. */
  #policyOf(epoch: number, published: Fields): Policy | null {
    if (published['policy'] === null) {
      if (this.#policies.size > 0) throw new BadBundle('policy expected, since there was one')
      return null
    }
    const policy = policyOf(asObject(published['policy'], 'policy'))
    const text = JSON.stringify(published['policy'])
    if ((this.#policies.get(policy.id) ?? text) !== text)
      throw new BadBundle(`policy ${policy.id} expected as it was before`)
    if (policy.epoch > epoch || policy.epoch < this.#policyEpoch)
      throw new BadBundle(
        `policy of ${this.#policyEpoch} to ${epoch} expected, got ${policy.epoch}`,
      )
    this.#policies.set(policy.id, text)
    this.#policyEpoch = policy.epoch
    return policy
  }

  /** What each provider earns in each region before any cap, in the order of their names. */
  #demands(policy: Policy, rows: readonly EarningRow[]): Share[] {
    const pairs = new Map<string, { provider: string; region: string; bytes: bigint }>()
    for (const { space, provider, region, bytes, bytesVoided } of rows) {
      if (provider === '' || (space === provider && !policy.ownTraffic)) continue
      const key = keyOf(provider, region)
      const pair = pairs.get(key) ?? { provider, region, bytes: 0n }
      pair.bytes += bytes - bytesVoided
      pairs.set(key, pair)
    }
    const shares: Share[] = []
    for (const [key, { provider, region, bytes }] of pairs) {
      const weight =
        policy.ruleOfProvider(provider).weightPpm * policy.ruleOfRegion(region).weightPpm
      if (bytes === 0n || weight === 0n) continue
      const debt = this.#debts.get(key) ?? 0n
      const paid = bytes > debt ? bytes - debt : 0n
      const demand = (paid * policy.microsPerGib * weight) / (GIB * PPM_SQUARED)
      shares.push({ provider, region, bytes, debt, demand, amount: demand })
    }
    return shares.sort(
      (a, b) => compareText(a.provider, b.provider) || compareText(a.region, b.region),
    )
  }
}

function policyOf(fields: Fields): Policy {
  return {
    id: asText(fields['id'], 'id'),
    epoch: asCount(fields['epoch'], 'epoch'),
    microsPerGib: asInteger(fields['microsPerGib'], 'microsPerGib'),
    epochBudget: asInteger(fields['epochBudget'], 'epochBudget'),
    ownTraffic: fields['ownTraffic'] === true,
    ruleOfProvider: rulesOf(fields, 'providers', 'otherProviders'),
    ruleOfRegion: rulesOf(fields, 'regions', 'otherRegions'),
  }
}

function rulesOf(fields: Fields, named: string, others: string): (name: string) => Rule {
  const rules = new Map(
    asList(fields[named], named, LISTED_MAX).map((value) => {
      const rule = asObject(value, named)
      return [asText(rule['name'], 'name'), ruleOf(rule)] as const
    }),
  )
  const rest = ruleOf(asObject(fields[others], others))
  return (name) => rules.get(name) ?? rest
}

function ruleOf(fields: Fields): Rule {
  return {
    weightPpm: asInteger(fields['weightPpm'], 'weightPpm'),
    cap: fields['cap'] === null ? null : asInteger(fields['cap'], 'cap'),
  }
}

/** Those with a debt to take off or to note, then those that earned most; in the same order. */
function mostThatFit(shares: readonly Share[]): readonly Share[] {
  if (shares.length <= SHARES_MAX) return shares
  const owes = ({ bytes, debt }: Share): boolean => bytes < 0n || debt > 0n
  const places = shares.map((share, i) => ({ share, i }))
  places.sort((a, b) => {
    if (owes(a.share) !== owes(b.share)) return owes(a.share) ? -1 : 1
    const more = b.share.demand - a.share.demand
    return more === 0n ? a.i - b.i : more > 0n ? 1 : -1
  })
  const kept = new Set(places.slice(0, SHARES_MAX).map(({ i }) => i))
  return shares.filter((_, i) => kept.has(i))
}

/** Scales what each provider, or each region, gets down to its cap. */
function capEach(
  shares: readonly Share[],
  by: 'provider' | 'region',
  rule: (name: string) => Rule,
): void {
  for (const [name, group] of Map.groupBy(shares, (share) => share[by])) {
    const { cap } = rule(name)
    if (cap !== null) scaleDown(group, cap)
  }
}

/** Scales amounts so that they sum to `cap` at most, by largest remainder. */
function scaleDown(shares: readonly Share[], cap: bigint): void {
  const sum = sumOf(shares)
  if (sum <= cap) return
  const scaled = shares.map((share, i) => ({ share, i, rest: (share.amount * cap) % sum }))
  for (const share of shares) share.amount = (share.amount * cap) / sum
  let left = cap - sumOf(shares)
  scaled.sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1))
  for (const { share } of scaled) {
    if (left-- <= 0n) return
    share.amount += 1n
  }
}

function sumOf(shares: readonly Share[]): bigint {
  return shares.reduce((sum, { amount }) => sum + amount, 0n)
}

/** One text for each pair of names. */
function keyOf(provider: string, region: string): string {
  return JSON.stringify([provider, region])
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
