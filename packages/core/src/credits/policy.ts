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

/** A rule as JSON. */
export type CreditRuleJson = {
  readonly weightPpm: number
  readonly cap: string | null
}

/** The rule of one name as JSON. */
export type NamedRuleJson = { readonly name: string } & CreditRuleJson

/** A policy as it is published: amounts are decimal strings. */
export type CreditPolicyJson = {
  readonly id: string
  readonly epoch: number
  readonly microsPerGib: string
  readonly epochBudget: string
  readonly ownTraffic: boolean
  readonly providers: readonly NamedRuleJson[]
  readonly otherProviders: CreditRuleJson
  readonly regions: readonly NamedRuleJson[]
  readonly otherRegions: CreditRuleJson
  readonly decayPpmPerHour: number
  readonly ttlHours: number
}

/**
 * A policy for `JSON.stringify`, its keys in the order in which it is published.
 *
 * @example
 * JSON.stringify(policyJson(policy)) // '{"id":"2026-11","epoch":498000,…}'
 */
export function policyJson(policy: CreditPolicy): CreditPolicyJson {
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

/** The policy that {@link policyJson} made this of. */
export function policyOf(json: CreditPolicyJson): CreditPolicy {
  const { providers, otherProviders, regions, otherRegions, ...rest } = json
  return {
    ...rest,
    microsPerGib: BigInt(json.microsPerGib),
    epochBudget: BigInt(json.epochBudget),
    providers: { named: providers.map(namedOf), others: ruleOf(otherProviders) },
    regions: { named: regions.map(namedOf), others: ruleOf(otherRegions) },
  }
}

function namedJson(rule: NamedRule): NamedRuleJson {
  return { name: rule.name, ...ruleJson(rule) }
}

function ruleJson({ weightPpm, cap }: CreditRule): CreditRuleJson {
  return { weightPpm, cap: cap === null ? null : String(cap) }
}

function namedOf(json: NamedRuleJson): NamedRule {
  return { name: json.name, ...ruleOf(json) }
}

function ruleOf({ weightPpm, cap }: CreditRuleJson): CreditRule {
  return { weightPpm, cap: cap === null ? null : BigInt(cap) }
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
