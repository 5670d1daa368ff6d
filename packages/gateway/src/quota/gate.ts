/**
 * The gate that reads pass, by the customer who pays for them.
 * @module
 */
import { QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { QuotaGate, QuotaLease, QuotaRefused } from '@turnpike/core/ports/quota'
import { type Awaitable, type Result, ok } from '@turnpike/core/result'

/** Quotas of customers, wherever they are kept. Never rejects. */
export interface Quotas {
  /** Why a customer's reads are refused now; undefined when they are not. */
  judge(customer: string): Awaitable<QuotaRefused | undefined>
  /** Takes quota for a body, for `bytes` of it at most and for a window at most. */
  open(customer: string, bytes: number): Awaitable<Result<QuotaLease, QuotaRefused>>
}

/** What a body draws on whose customer has no limit. */
const ENDLESS: Result<QuotaLease, QuotaRefused> = ok({
  bytesMax: Infinity,
  extend: () => true,
  end() {},
})

/** Lets everything pass that nobody pays for, or whose customer has no limit. */
export class PlanGate implements QuotaGate {
  readonly #payerOf: (space: SpaceDid) => string | undefined
  readonly #quotas: Quotas

  /** @param payerOf the customer who pays for a space's reads now, if their plan can end */
  constructor(payerOf: (space: SpaceDid) => string | undefined, quotas: Quotas) {
    this.#payerOf = payerOf
    this.#quotas = quotas
  }

  refusal(space: SpaceDid): Awaitable<QuotaRefused | undefined> {
    const payer = this.#payerOf(space)
    return payer === undefined ? undefined : this.#quotas.judge(payer)
  }

  open(space: SpaceDid, bytes: number | undefined): Awaitable<Result<QuotaLease, QuotaRefused>> {
    const payer = this.#payerOf(space)
    return payer === undefined ? ENDLESS : this.#quotas.open(payer, bytes ?? QUOTA_WINDOW_BYTES)
  }
}
