/**
 * Reads a file of plans.
 * @module
 */
import { PLAN_NAME_CHARS_MAX, PLAN_TIERS_MAX, PLANS_MAX } from '../limits/billing.ts'
import { DID_CHARS_MAX } from '../limits/ucan.ts'
import { fail, ok, type Result } from '../result.ts'
import { parseSize, SIZE_EXPECTED } from './byte-size.ts'
import { isCurrency, parseMicros } from './money.ts'
import { FREE_PLAN } from './plan.ts'
import type { EgressTerms, LimitKind, MeterTerms, Plan, Plans, PriceTier } from './plan.ts'

/** A file of plans does not say what one must. */
export class InvalidPlans extends Error {
  override readonly name = 'InvalidPlans'
  /** Where: `plans[0].egress.included`. */
  readonly at: string
  constructor(at: string, expected: string, got: unknown) {
    super(`"${at}" expected ${expected}, got ${shown(got)}`)
    this.at = at
  }
}

const SHOWN_CHARS_MAX = 80
const LIMITS: readonly LimitKind[] = ['none', 'soft', 'hard']
const DID = /^did:[a-z0-9]+:[A-Za-z0-9.:%_-]+$/
const PRICE = 'a price in decimals, as text: "0.05"'

/**
 * Reads plans from the value of a JSON file: `{ "plans": […], "standard": "did:…" }` (fields in
 * docs/operating/plans.md). What it does not know it refuses: a misspelt limit would be none. The
 * free plan is there beside those of the file, as long as none has its id; it is
 * offered where it is the standard one.
 *
 * @returns `InvalidPlans`, with the first place that is wrong
 * @example
 * const plans = parsePlans(JSON.parse(text))
 */
export function parsePlans(value: unknown): Result<Plans, InvalidPlans> {
  try {
    return ok(plansOf(value))
  } catch (error) {
    if (error instanceof InvalidPlans) return fail(error)
    throw error
  }
}

function plansOf(value: unknown): Plans {
  const file = fields(value, '', ['plans', 'standard'])
  const list = file['plans']
  if (!Array.isArray(list) || list.length === 0 || list.length > PLANS_MAX)
    throw new InvalidPlans('plans', `a list of 1 to ${PLANS_MAX} plans`, list)
  const byId = new Map<string, Plan>()
  for (const [i, each] of list.entries()) {
    const plan = planOf(each, `plans[${i}]`)
    if (byId.has(plan.id)) throw new InvalidPlans(`plans[${i}].id`, 'an id of its own', plan.id)
    byId.set(plan.id, plan)
  }
  // Whoever is not on it already is not to get everything for nothing.
  const offered = file['standard'] === FREE_PLAN.id
  if (!byId.has(FREE_PLAN.id)) byId.set(FREE_PLAN.id, { ...FREE_PLAN, offered })
  const id = file['standard'] ?? (list[0] as { readonly id: string }).id
  const standard = typeof id === 'string' ? byId.get(id) : undefined
  if (standard === undefined) throw new InvalidPlans('standard', 'the id of one of the plans', id)
  return { byId, standard }
}

const TERMS = ['offered', 'prepaid', 'refusalStatus']

function planOf(value: unknown, at: string): Plan {
  const known = ['id', 'name', 'currency', 'fee', 'egress', 'storage', ...TERMS]
  const plan = fields(value, at, known)
  const egress = egressOf(plan['egress'] ?? {}, `${at}.egress`)
  const prepaid = flagOf(plan['prepaid'] ?? false, `${at}.prepaid`)
  if (prepaid && egress.limit === 'soft')
    throw new InvalidPlans(`${at}.egress.limit`, '"hard" in a prepaid plan', egress.limit)
  const terms = prepaid ? { ...egress, limit: 'hard' as const } : egress
  return {
    id: textOf(plan['id'], `${at}.id`, 'a DID', isDid),
    name: textOf(plan['name'], `${at}.name`, `1 to ${PLAN_NAME_CHARS_MAX} characters`, isName),
    currency: textOf(plan['currency'], `${at}.currency`, 'three letters such as "EUR"', isCurrency),
    feeMicros: priceOf(plan['fee'] ?? '0', `${at}.fee`),
    egress: terms,
    storage: storageOf(plan['storage'] ?? {}, `${at}.storage`),
    offered: flagOf(plan['offered'] ?? true, `${at}.offered`),
    prepaid,
    refusalStatus: statusOf(plan['refusalStatus'] ?? 402, `${at}.refusalStatus`),
  }
}

const METER = ['included', 'tiers', 'overagePricePerGib']

function egressOf(value: unknown, at: string): EgressTerms {
  const terms = fields(value, at, [...METER, 'limit', 'limitAt', 'dayMax'])
  const limit = LIMITS.find((kind) => kind === (terms['limit'] ?? 'none'))
  if (limit === undefined)
    throw new InvalidPlans(`${at}.limit`, '"none", "soft" or "hard"', terms['limit'])
  const limitBytes = optionalSize(terms['limitAt'], `${at}.limitAt`)
  const meter = meterOf(terms, at)
  if (limitBytes !== undefined && (limit === 'none' || limitBytes < meter.includedBytes))
    throw new InvalidPlans(`${at}.limitAt`, 'a limit, and no less than is included', limitBytes)
  return { ...meter, limit, limitBytes, dayBytesMax: optionalSize(terms['dayMax'], `${at}.dayMax`) }
}

function storageOf(value: unknown, at: string): MeterTerms {
  return meterOf(fields(value, at, METER), at)
}

function meterOf(terms: Readonly<Record<string, unknown>>, at: string): MeterTerms {
  return {
    includedBytes: sizeOf(terms['included'] ?? 0, `${at}.included`),
    tiers: tiersOf(terms['tiers'] ?? [], `${at}.tiers`),
    overageMicrosPerGib: priceOf(terms['overagePricePerGib'] ?? '0', `${at}.overagePricePerGib`),
  }
}

function tiersOf(value: unknown, at: string): readonly PriceTier[] {
  if (!Array.isArray(value) || value.length > PLAN_TIERS_MAX)
    throw new InvalidPlans(at, `a list of at most ${PLAN_TIERS_MAX} tiers`, value)
  let before = 0n
  return value.map((each, i) => {
    const tier = fields(each, `${at}[${i}]`, ['upTo', 'pricePerGib'])
    const upToBytes = sizeOf(tier['upTo'], `${at}[${i}].upTo`)
    if (upToBytes <= before)
      throw new InvalidPlans(`${at}[${i}].upTo`, `more than ${before}`, upToBytes)
    before = upToBytes
    return { upToBytes, microsPerGib: priceOf(tier['pricePerGib'], `${at}[${i}].pricePerGib`) }
  })
}

function fields(
  value: unknown,
  at: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const where = at === '' ? 'the file' : at
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidPlans(where, 'an object', value)
  const strange = Object.keys(value).find((name) => !known.includes(name))
  if (strange !== undefined) throw new InvalidPlans(where, `only ${known.join(', ')}`, strange)
  return value as Readonly<Record<string, unknown>>
}

function textOf(
  value: unknown,
  at: string,
  expected: string,
  fits: (text: string) => boolean,
): string {
  if (typeof value === 'string' && fits(value)) return value
  throw new InvalidPlans(at, expected, value)
}

function isDid(text: string): boolean {
  return text.length <= DID_CHARS_MAX && DID.test(text)
}

function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= PLAN_NAME_CHARS_MAX
}

function priceOf(value: unknown, at: string): bigint {
  const micros = typeof value === 'string' ? parseMicros(value) : undefined
  if (micros === undefined || micros < 0n) throw new InvalidPlans(at, PRICE, value)
  return micros
}

function sizeOf(value: unknown, at: string): bigint {
  const size = parseSize(value)
  if (size === undefined) throw new InvalidPlans(at, SIZE_EXPECTED, value)
  return size
}

function optionalSize(value: unknown, at: string): bigint | undefined {
  return value === undefined ? undefined : sizeOf(value, at)
}

function flagOf(value: unknown, at: string): boolean {
  if (typeof value === 'boolean') return value
  throw new InvalidPlans(at, 'true or false', value)
}

function statusOf(value: unknown, at: string): 402 | 429 {
  if (value === 402 || value === 429) return value
  throw new InvalidPlans(at, '402 or 429', value)
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`
}
