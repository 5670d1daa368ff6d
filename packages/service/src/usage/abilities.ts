/**
 * `usage/report`, `account/usage/get` and `account/egress/get`: what spaces stored, and what was
 * read of them.
 * Source: Storacha, capabilities 2.3.1, "usage" and "account"; what upload-service answers.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { PeriodNotAcceptable, type UsageQuery } from '@turnpike/core/ports/usage'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import { derivesBy } from '../derives.ts'
import { accountShape, dailyShape, reportShape } from './shapes.ts'

const seconds = Schema.struct({
  from: Schema.integer().greaterThan(-1),
  to: Schema.integer().greaterThan(-1),
})
const spaces = Schema.did({ method: 'key' }).array()

const REPORT = capability({
  can: 'usage/report',
  with: Schema.did({ method: 'key' }),
  nb: Schema.struct({ period: seconds }),
  derives: derivesBy(isWithin),
})

const ACCOUNT = capability({
  can: 'account/usage/get',
  with: Schema.did(),
  nb: Schema.struct({ spaces: spaces.optional(), period: seconds.optional() }),
  derives: derivesBy(isWithin),
})

const dates = Schema.struct({ from: Schema.string(), to: Schema.string() })

const EGRESS = capability({
  can: 'account/egress/get',
  with: Schema.did(),
  nb: Schema.struct({ spaces: spaces.optional(), period: dates.optional() }),
  derives: derivesBy(isWithin),
})

/** Ports of these abilities. */
export interface UsageAbilitiesDeps {
  readonly usage: UsageQuery
}

/** A customer whom nobody knows, by the name that `account/usage/get` has for it. */
export class NoSubscription extends Error {
  override readonly name = 'NoSubscription'
}

/**
 * The abilities. A space is asked about by whoever may act for it, an account by whoever may act
 * for the customer.
 *
 * @example
 * const door = await openFrontDoor({ ...deps, abilities: usageAbilities({ usage }) })
 */
export function usageAbilities(deps: UsageAbilitiesDeps): readonly Ability[] {
  const question = { isQuestion: true }
  return [
    {
      can: 'usage/report',
      capability: REPORT as unknown as Ability['capability'],
      ...question,
      run: (task) => report(task, deps),
    },
    {
      can: 'account/usage/get',
      capability: ACCOUNT as unknown as Ability['capability'],
      ...question,
      run: (task) => account(task, deps),
    },
    {
      can: 'account/egress/get',
      capability: EGRESS as unknown as Ability['capability'],
      ...question,
      run: (task) => egress(task, deps),
    },
  ]
}

/** What questions say beside whom they are about. */
interface Caveats<Bound> {
  readonly spaces?: readonly SpaceDid[]
  readonly period?: { readonly from: Bound; readonly to: Bound }
}

async function report(
  { capability: { with: space, nb } }: Task,
  { usage }: UsageAbilitiesDeps,
): Promise<Outcome> {
  const { period } = nb as Required<Caveats<number>>
  const answer = await usage.storage({ space: space as SpaceDid, ...msOf(period) })
  return answer.error ? answer : ok({ [answer.ok.provider]: reportShape(answer.ok) })
}

async function account(
  { capability: { with: customer, nb } }: Task,
  { usage }: UsageAbilitiesDeps,
): Promise<Outcome> {
  const { spaces: named, period } = nb as Caveats<number>
  const asked = { customer, spaces: named, period: period && msOf(period) }
  const answer = await usage.account(asked)
  if (answer.ok) return ok(accountShape(answer.ok))
  const { error } = answer
  return error.name === 'AccountNotFound' ? fail(new NoSubscription(error.message)) : answer
}

async function egress(
  { capability: { with: customer, nb } }: Task,
  { usage }: UsageAbilitiesDeps,
): Promise<Outcome> {
  const { spaces: named, period } = nb as Caveats<string>
  const days = period && daysOf(period)
  if (days?.error) return days
  const answer = await usage.egressByDay({ customer, spaces: named, period: days?.ok })
  return answer.error ? answer : ok(dailyShape(answer.ok))
}

type Ms = { readonly fromMs: number; readonly toMs: number }

function msOf({ from, to }: { readonly from: number; readonly to: number }): Ms {
  return { fromMs: from * 1000, toMs: to * 1000 }
}

/** Two dates, of which the second is not in the period; their times of day are left off. */
function daysOf({
  from,
  to,
}: {
  readonly from: string
  readonly to: string
}): Result<Ms, PeriodNotAcceptable> {
  const [fromMs, toMs] = [dateMs(from), dateMs(to)]
  if (fromMs <= toMs) return ok({ fromMs, toMs })
  const got = `${from} to ${to}`.slice(0, 100)
  return fail(new PeriodNotAcceptable(`period expected dates (2026-11-21) in order, got ${got}`))
}

/** Start of a day that a text begins with; NaN for what is no day. */
function dateMs(text: string): number {
  const [date] = /^\d{4}-\d\d-\d\d(?=T|$)/.exec(text) ?? []
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  // Some days that a month does not have are taken for days of the next.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date ? Number.NaN : ms
}

/** Whether a caveat says no more than a wider one: the same period, some of the spaces. */
function isWithin(claimed: unknown, wider: unknown): boolean {
  if (Array.isArray(wider))
    return Array.isArray(claimed) && claimed.every((space) => wider.includes(space))
  const [one, other] = [claimed, wider] as ({ from: unknown; to: unknown } | undefined)[]
  return one?.from === other?.from && one?.to === other?.to
}
