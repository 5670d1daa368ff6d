/**
 * What the look at the plan of who pays costs the thread that serves.
 * @module
 */
import { QUOTA_CUSTOMERS_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { QuotaGate } from '@turnpike/core/ports/quota'
import type { QuotaAccount } from '@turnpike/gateway/quota/account'
import { QuotaBook } from '@turnpike/gateway/quota/book'
import { PlanGate } from '@turnpike/gateway/quota/gate'
import { KeptQuotas } from '@turnpike/gateway/quota/kept-quotas'
import { LRUCache } from 'lru-cache'
import { nodeClock, nodeTimer } from '../runtime.ts'

/** Microseconds for one read: the look before it, and its lease. */
export interface QuotaFigures {
  /** No plan can refuse a read: there is no gate. */
  readonly offUs: number
  /** Some plan can, not that of this space. */
  readonly freeUs: number
  /** That of this space can, and lets it through. */
  readonly limitedUs: number
}

const SPACE: SpaceDid = 'did:key:z6Mk'
const CUSTOMER = 'did:mailto:example.com:alice'
const ROUNDS = 5

/**
 * Measures each over so many reads, in turns, and takes the least of each.
 *
 * @example
 * const { offUs, freeUs, limitedUs } = await benchQuota(1_000_000)
 */
export async function benchQuota(reads: number): Promise<QuotaFigures> {
  const quotas = keep()
  await quotas.judge(CUSTOMER)
  const free = new PlanGate(payersOf(undefined), quotas)
  const limited = new PlanGate(payersOf(CUSTOMER), quotas)
  const least = { offUs: Infinity, freeUs: Infinity, limitedUs: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    least.offUs = Math.min(least.offUs, await time(undefined, reads))
    least.freeUs = Math.min(least.freeUs, await time(free, reads))
    least.limitedUs = Math.min(least.limitedUs, await time(limited, reads))
  }
  quotas.close()
  return least
}

async function time(gate: QuotaGate | undefined, reads: number): Promise<number> {
  const startMs = performance.now()
  for (let i = 0; i < reads; i++) {
    if (gate?.refusal(SPACE) !== undefined) throw new Error('"gate" expected to let reads pass')
    const opened = gate?.open(SPACE, 1024)
    const lease = opened instanceof Promise ? await opened : opened
    if (lease?.ok !== undefined && lease.ok.bytesMax !== Infinity) lease.ok.end(1024)
  }
  return ((performance.now() - startMs) * 1000) / reads
}

/** As `payersOf` of the folder, when it knows the space. */
function payersOf(customer: string | undefined): (space: SpaceDid) => string | undefined {
  const known = new LRUCache<string, { customer: string | undefined; atMs: number }>({ max: 4096 })
  known.set(SPACE, { customer, atMs: nodeClock.monotonicMs() })
  return (space) => {
    const nowMs = nodeClock.monotonicMs()
    const payer = known.get(space)!
    return nowMs - payer.atMs < Infinity ? payer.customer : undefined
  }
}

function keep(): KeptQuotas {
  const endMs = Number.MAX_SAFE_INTEGER
  const allowed = { usedBytes: 0n, limitBytes: 2n ** 62n, endMs }
  const account: QuotaAccount = {
    period: allowed,
    day: allowed,
    reason: 'limit',
    refusal: 'PaymentRequired',
  }
  const book = new QuotaBook({
    clock: nodeClock,
    uncountedBytesMax: 2n ** 62n,
    customersMax: QUOTA_CUSTOMERS_MAX,
  })
  const ask = async (): Promise<Map<string, QuotaAccount>> => new Map([[CUSTOMER, account]])
  return new KeptQuotas({ book, ask, clock: nodeClock, timer: nodeTimer, holder: 'bench' })
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchQuota(1_000_000))}\n`)
