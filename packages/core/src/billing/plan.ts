/**
 * Plans: what a customer pays, what that includes, and where it ends.
 * @module
 */

/** A price for the bytes of overage up to a bound. */
export interface PriceTier {
  /** Bytes of overage in all up to which it is in force: more than that of the tier before. */
  readonly upToBytes: bigint
  readonly microsPerGib: bigint
}

/**
 * What is included of one quantity, and the price beyond. Of egress a price is for a GiB delivered;
 * of storage for a GiB that was stored all month.
 */
export interface MeterTerms {
  /**
   * Bytes a month that the fee covers. In a month of which the plan was in force for some hours,
   * that many hours' part of it.
   */
  readonly includedBytes: bigint
  /** Prices of the first overage: of what neither this nor a grant covers. Least first. */
  readonly tiers: readonly PriceTier[]
  /** Price beyond the last tier. */
  readonly overageMicrosPerGib: bigint
}

/**
 * What happens where the allowance ends: nothing is watched; reads go on and are said to be over;
 * or they are refused.
 */
export type LimitKind = 'none' | 'soft' | 'hard'

/** Terms of egress. */
export interface EgressTerms extends MeterTerms {
  readonly limit: LimitKind
  /**
   * Bytes a month at which the limit stands, before grants and balances; the included ones unless
   * told. Like them it counts by hours.
   */
  readonly limitBytes: bigint | undefined
  /** Most bytes of a UTC day; whatever the limit, more are refused until the next day. */
  readonly dayBytesMax: bigint | undefined
}

/** Status with which reads beyond a hard limit are refused. */
export type RefusalStatus = 402 | 429

/** A plan. */
export interface Plan {
  /** A DID. */
  readonly id: string
  readonly name: string
  /** Of the fee and all prices. */
  readonly currency: string
  /** A month; of a part of a month, that many hours' part. */
  readonly feeMicros: bigint
  readonly egress: EgressTerms
  readonly storage: MeterTerms
  /** Whether customers may put themselves on it; the operator may put anybody on any plan. */
  readonly offered: boolean
  /** Whether overage is paid from a balance, and ends with it: then its limit is hard. */
  readonly prepaid: boolean
  readonly refusalStatus: RefusalStatus
}

/** Plans of a deployment. */
export interface Plans {
  readonly byId: ReadonlyMap<string, Plan>
  /** What a customer gets who names none. */
  readonly standard: Plan
}

const NOTHING: MeterTerms = { includedBytes: 0n, tiers: [], overageMicrosPerGib: 0n }

/** A plan that costs nothing and ends nowhere: the only one of a deployment without a plan file. */
export const FREE_PLAN: Plan = {
  id: 'did:web:free.plan.localhost',
  name: 'Free',
  currency: 'USD',
  feeMicros: 0n,
  egress: { ...NOTHING, limit: 'none', limitBytes: undefined, dayBytesMax: undefined },
  storage: NOTHING,
  offered: true,
  prepaid: false,
  refusalStatus: 402,
}

/** Plans of a deployment without a plan file. */
export const FREE_PLANS: Plans = {
  byId: new Map([[FREE_PLAN.id, FREE_PLAN]]),
  standard: FREE_PLAN,
}

/**
 * The plan whose limits hold for who is on one: the standard plan's where they are on none, or on
 * one that the file of plans has no more. Nobody is without a limit by mistake.
 *
 * @example
 * limitingPlan(plans, planAt(terms, epoch)?.plan)
 */
export function limitingPlan({ byId, standard }: Plans, id: string | undefined): Plan {
  return (id === undefined ? undefined : byId.get(id)) ?? standard
}

/** Whether reads under a plan may be refused: it has a hard limit or a daily cap. */
export function canRefuse({ egress }: Plan): boolean {
  return egress.limit === 'hard' || egress.dayBytesMax !== undefined
}

/**
 * Whether reads under a plan are to be watched: it has a limit, a daily cap, or a balance.
 *
 * @example
 * isLimited(FREE_PLAN) // false
 */
export function isLimited({ egress, prepaid }: Plan): boolean {
  return prepaid || egress.limit !== 'none' || egress.dayBytesMax !== undefined
}
