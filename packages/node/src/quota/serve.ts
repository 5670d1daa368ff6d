/**
 * Quotas of a deployment: kept by the process that owns it, drawn on by workers.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { canRefuse, type Plans } from '@turnpike/core/billing/plan'
import {
  QUOTA_ACCOUNTING_MS,
  QUOTA_ANSWER_MS,
  QUOTA_CUSTOMERS_MAX,
} from '@turnpike/core/limits/billing'
import type { QuotaAccount } from '@turnpike/gateway/quota/account'
import { QuotaBook } from '@turnpike/gateway/quota/book'
import type { Quotas } from '@turnpike/gateway/quota/gate'
import { KeptQuotas } from '@turnpike/gateway/quota/kept-quotas'
import {
  LeasedQuotas,
  quotaSaid,
  type QuotaQuestion,
  type QuotaSaid,
} from '@turnpike/gateway/quota/leased-quotas'
import type { AccountingHost } from '../accounting/open.ts'
import type { Settings } from '../config/settings.ts'
import { readPlans } from '../plans/read.ts'
import { nodeClock, nodeTimer } from '../runtime.ts'
import type { AskPrimary } from '../workers/ask-primary.ts'
import { accountOf, type AccountJson } from './account-json.ts'

export type { KeptQuotas }

type QuotaSettings = Pick<Settings, 'plans' | 'quotaUncountedBytesMax' | 'handTo'>

/** A worker's question, among others. */
interface Asked {
  readonly quota: QuotaQuestion
}

/** Longer than the primary takes to wait for accounting. */
const PRIMARY_MS: number = 2 * QUOTA_ANSWER_MS

/**
 * Quotas of the process that has accounting; undefined where no plan can refuse a read, or where
 * another host counts.
 *
 * @param flush makes what has ended durable; resolves with whether all of it is
 * @throws {PlansRefused} when the file of plans can't be read
 * @example
 * const quotas = keepQuotas(settings, accounting, () => serving.flush())
 */
export function keepQuotas(
  settings: QuotaSettings,
  accounting: Pick<AccountingHost, 'operations'>,
  flush: () => Promise<boolean> | undefined,
): KeptQuotas | undefined {
  if (!plansRefuse(settings)) return undefined
  const book = new QuotaBook({
    clock: nodeClock,
    uncountedBytesMax: BigInt(settings.quotaUncountedBytesMax),
    customersMax: QUOTA_CUSTOMERS_MAX,
  })
  const ask = async (
    customers: readonly string[],
  ): Promise<ReadonlyMap<string, QuotaAccount> | undefined> => {
    const asking = askAccounting(accounting, flush, customers).catch(() => undefined)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const callOff = nodeTimer.after(QUOTA_ACCOUNTING_MS, () => resolve(undefined))
    const answer = await Promise.race([asking, promise])
    callOff()
    return answer
  }
  return new KeptQuotas({ book, ask, clock: nodeClock, timer: nodeTimer, holder: 'primary' })
}

async function askAccounting(
  { operations }: Pick<AccountingHost, 'operations'>,
  flush: () => Promise<boolean> | undefined,
  customers: readonly string[],
): Promise<ReadonlyMap<string, QuotaAccount> | undefined> {
  if ((await flush()) !== true) return undefined
  const call = { signal: new AbortController().signal, progress() {} }
  const { ok: answer } = await operations['quotaAccounts']!({ customers }, call)
  if (answer === undefined) return undefined
  const { accounts } = answer as { readonly accounts: readonly (readonly [string, AccountJson])[] }
  return new Map(accounts.map(([customer, account]) => [customer, accountOf(account)]))
}

function plansRefuse({ plans: path, handTo }: QuotaSettings): boolean {
  // Another host counts what this one serves, and does not say what was used.
  if (handTo !== undefined) return false
  const { ok: plans, error } = readPlans(path)
  if (error !== undefined) throw error
  return anyRefuses(plans)
}

function anyRefuses({ byId }: Plans): boolean {
  return [...byId.values()].some(canRefuse)
}

/** Whether a worker asks about quotas. */
export function isQuotaQuestion(question: unknown): question is Asked {
  return typeof question === 'object' && question !== null && 'quota' in question
}

/** What the primary answers a worker. */
export function answerQuota(
  quotas: KeptQuotas | undefined,
  holder: string,
  { quota }: Asked,
): Promise<QuotaSaid> | undefined {
  return quotas && quotaSaid(quotas, holder, quota)
}

/**
 * Quotas of a worker, which asks its primary for each window; undefined where no plan can refuse a
 * read.
 *
 * @throws {PlansRefused} when the file of plans can't be read
 */
export function leaseQuotas(
  settings: QuotaSettings & { readonly workers: number },
  askPrimary: AskPrimary,
): Quotas | undefined {
  if (!plansRefuse(settings)) return undefined
  const ask = (quota: QuotaQuestion): Promise<QuotaSaid | undefined> => {
    const question: Asked = { quota }
    return askPrimary(question, PRIMARY_MS) as Promise<QuotaSaid | undefined>
  }
  const unansweredBytesMax = Math.floor(settings.quotaUncountedBytesMax / settings.workers)
  return new LeasedQuotas({ clock: nodeClock, ask, holder: randomUUID(), unansweredBytesMax })
}
