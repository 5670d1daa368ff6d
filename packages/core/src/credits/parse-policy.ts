/**
 * Reads a file of governance: a policy as an operator writes it.
 * @module
 */
import { parseMicros } from '../billing/money.ts'
import { compareBytes } from '../bytes.ts'
import {
  CREDIT_RULES_MAX,
  CREDIT_TEXT_CHARS_MAX,
  CREDIT_TTL_HOURS_MAX,
  CREDIT_WEIGHT_PPM_MAX,
} from '../limits/credits.ts'
import { DID_CHARS_MAX } from '../limits/ucan.ts'
import { fail, ok, type Result } from '../result.ts'
import { PPM, type CreditPolicy, type CreditRule, type CreditRules } from './policy.ts'

/** A file of a policy does not say what one must. */
export class InvalidCreditPolicy extends Error {
  override readonly name = 'InvalidCreditPolicy'
  /** Where: `regions.eu-west.cap`. */
  readonly at: string
  constructor(at: string, expected: string, got: unknown) {
    super(`"${at}" expected ${expected}, got ${shown(got)}`)
    this.at = at
  }
}

/** What a file says: everything but who decided it, and from when on. */
export type CreditTerms = Omit<CreditPolicy, 'id' | 'epoch'>

const SHOWN_CHARS_MAX = 80
const CREDITS = 'credits in decimals, as text: "2.50"'
const utf8 = new TextEncoder()

/**
 * Reads the terms of a policy from the value of a JSON file (fields in docs/operating/credits.md).
 * What it does not know it refuses: a misspelt cap would be none. Providers that it does not name
 * earn nothing unless it says otherwise: anybody can make up names.
 *
 * @returns `InvalidCreditPolicy`, with the first place that is wrong
 * @example
 * const { ok: terms, error } = parseCreditPolicy(JSON.parse(text))
 */
export function parseCreditPolicy(value: unknown): Result<CreditTerms, InvalidCreditPolicy> {
  try {
    return ok(termsOf(value))
  } catch (error) {
    if (error instanceof InvalidCreditPolicy) return fail(error)
    throw error
  }
}

const RULES = ['providers', 'otherProviders', 'regions', 'otherRegions']
const FIELDS = ['perGib', 'epochBudget', 'ownTraffic', ...RULES, 'lostPerHour', 'ttlHours']

function termsOf(value: unknown): CreditTerms {
  const file = fields(value, '', FIELDS)
  const { ownTraffic = false, ttlHours } = file
  if (typeof ownTraffic !== 'boolean')
    throw new InvalidCreditPolicy('ownTraffic', 'true or false', ownTraffic)
  if (!isWhole(ttlHours) || ttlHours < 1 || ttlHours > CREDIT_TTL_HOURS_MAX)
    throw new InvalidCreditPolicy('ttlHours', `1 to ${CREDIT_TTL_HOURS_MAX}`, ttlHours)
  return {
    microsPerGib: creditsOf(file['perGib'], 'perGib'),
    epochBudget: creditsOf(file['epochBudget'], 'epochBudget'),
    ownTraffic,
    providers: rulesOf(file, 'providers', 'otherProviders', '0'),
    regions: rulesOf(file, 'regions', 'otherRegions', '1'),
    decayPpmPerHour: ppmOf(file['lostPerHour'] ?? '0', 'lostPerHour', PPM),
    ttlHours,
  }
}

function rulesOf(
  file: Readonly<Record<string, unknown>>,
  at: string,
  atOthers: string,
  weightOfOthers: string,
): CreditRules {
  const list = fields(file[at] ?? {}, at)
  const names = Object.keys(list)
  if (names.length > CREDIT_RULES_MAX)
    throw new InvalidCreditPolicy(at, `at most ${CREDIT_RULES_MAX} names`, names.length)
  const strange = names.find((name) => name === '' || name.length > DID_CHARS_MAX)
  if (strange !== undefined)
    throw new InvalidCreditPolicy(at, `names of 1 to ${DID_CHARS_MAX} characters`, strange)
  const named = names.map((name) => {
    const { weightPpm, cap } = ruleOf(list[name], `${at}.${name}`, '1')
    return { name, weightPpm, cap }
  })
  named.sort((a, b) => compareBytes(utf8.encode(a.name), utf8.encode(b.name)))
  return { named, others: ruleOf(file[atOthers] ?? {}, atOthers, weightOfOthers) }
}

function ruleOf(value: unknown, at: string, weight: string): CreditRule {
  const rule = fields(value, at, ['weight', 'cap'])
  return {
    weightPpm: ppmOf(rule['weight'] ?? weight, `${at}.weight`, CREDIT_WEIGHT_PPM_MAX),
    cap: rule['cap'] === undefined ? null : creditsOf(rule['cap'], `${at}.cap`),
  }
}

function fields(
  value: unknown,
  at: string,
  known?: readonly string[],
): Readonly<Record<string, unknown>> {
  const where = at === '' ? 'the file' : at
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidCreditPolicy(where, 'an object', value)
  const strange = known && Object.keys(value).find((name) => !known.includes(name))
  if (strange !== undefined)
    throw new InvalidCreditPolicy(where, `only ${known?.join(', ')}`, strange)
  return value as Readonly<Record<string, unknown>>
}

function creditsOf(value: unknown, at: string): bigint {
  const micros = typeof value === 'string' ? parseMicros(value) : undefined
  if (micros === undefined || micros < 0n) throw new InvalidCreditPolicy(at, CREDITS, value)
  return micros
}

/** Millionths of a part or a weight, which has as many decimals as credits have. */
function ppmOf(value: unknown, at: string, ppmMax: number): number {
  const ppm = typeof value === 'string' ? parseMicros(value) : undefined
  if (ppm === undefined || ppm < 0n || ppm > BigInt(ppmMax))
    throw new InvalidCreditPolicy(at, `"0" to "${ppmMax / PPM}", in decimals, as text`, value)
  return Number(ppm)
}

/** Whether text may name an event of governance, or say what it was for. */
export function isCreditText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= CREDIT_TEXT_CHARS_MAX
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`
}
