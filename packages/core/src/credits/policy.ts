/**
 * Policy of credits: what a read earns, and at most how much.
 * Source: receipts, section 6.7.
 * @module
 */

/** One million: a weight of 1 in `weightPpm`. */
export const PPM = 1_000_000

/** How a provider or a region counts. */
export interface CreditRule {
  /** Millionths that its bytes are multiplied by; 0 earns nothing. */
  readonly weightPpm: number
  /** Most that it gets in an epoch, in micro-credits; null for no cap. */
  readonly cap: bigint | null
}

/** The rule of one of them, by its name. */
export interface NamedRule extends CreditRule {
  /** DID of the provider, or the region. */
  readonly name: string
}

/** Rules of providers or of regions. */
export interface CreditRules {
  /** In ascending order of their names' UTF-8 bytes, no name twice. */
  readonly named: readonly NamedRule[]
  /** Of each that is not named; its cap is for each of them alone. */
  readonly others: CreditRule
}

/** What governance says from one hour on, until the next policy. It never changes. */
export interface CreditPolicy {
  /** Its own, and nobody else's. */
  readonly id: string
  /** First hour whose reads it is for. */
  readonly epoch: number
  /** Micro-credits for 2^30 bytes, at weights of 1. */
  readonly microsPerGib: bigint
  /** Most micro-credits for all reads of an epoch. */
  readonly epochBudget: bigint
  /** Whether reads that a gateway delivers on its own account earn anything. */
  readonly ownTraffic: boolean
  readonly providers: CreditRules
  readonly regions: CreditRules
  /** Millionths that credits lose in an hour. */
  readonly decayPpmPerHour: number
  /** Hours after which credits are worth nothing, from the hour of the reads on. */
  readonly ttlHours: number
}

/**
 * A policy for `JSON.stringify`, its keys in the order in which it is published: amounts are
 * decimal strings.
 *
 * @example
 * JSON.stringify(policyJson(policy)) // '{"id":"2026-11","epoch":498000,…}'
 */
export function policyJson(policy: CreditPolicy): Readonly<Record<string, unknown>> {
  const { id, epoch, microsPerGib, epochBudget, ownTraffic, providers, regions } = policy
  return {
    id,
    epoch,
    microsPerGib: String(microsPerGib),
    epochBudget: String(epochBudget),
    ownTraffic,
    providers: providers.named.map(namedJson),
    otherProviders: ruleJson(providers.others),
    regions: regions.named.map(namedJson),
    otherRegions: ruleJson(regions.others),
    decayPpmPerHour: policy.decayPpmPerHour,
    ttlHours: policy.ttlHours,
  }
}

function namedJson(rule: NamedRule): Readonly<Record<string, unknown>> {
  return { name: rule.name, ...ruleJson(rule) }
}

function ruleJson({ weightPpm, cap }: CreditRule): Readonly<Record<string, unknown>> {
  return { weightPpm, cap: cap === null ? null : String(cap) }
}

/**
 * The rule for a name.
 *
 * @example
 * const ruleOf = rulesByName(policy.regions)
 * ruleOf('eu-west').weightPpm // 1500000
 */
export function rulesByName({ named, others }: CreditRules): (name: string) => CreditRule {
  const byName = new Map(named.map((rule) => [rule.name, rule]))
  return (name) => byName.get(name) ?? others
}
