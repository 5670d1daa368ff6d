/**
 * Quotas of a process that asks another, which has the book.
 * @module
 */
import { LRUCache } from 'lru-cache'
import {
  QUOTA_CUSTOMERS_MAX,
  QUOTA_REFRESH_MS,
  QUOTA_WINDOW_BYTES,
} from '@turnpike/core/limits/billing'
import { type QuotaLease, QuotaRefused } from '@turnpike/core/ports/quota'
import type { Clock } from '@turnpike/core/ports/runtime'
import { type Result, fail, ok } from '@turnpike/core/result'
import { refusedFor } from './account.ts'
import type { Quotas } from './gate.ts'
import type { KeptQuotas } from './kept-quotas.ts'

/** What is asked; `lease` names a body among those of all processes. It survives JSON. */
export type QuotaQuestion = { readonly customer: string } & (
  | { readonly do: 'judge' }
  | { readonly do: 'open' | 'extend' | 'end'; readonly lease: string; readonly bytes: number }
)

/** What is answered: bytes that a body may send in all, or why it may not. */
export type QuotaSaid =
  | { readonly bytesMax: number }
  | { readonly refused: Pick<QuotaRefused, 'name' | 'reason' | 'message' | 'waitMs'> }

/**
 * Answers what a process asks.
 *
 * @param holder the process: what it holds is counted when it dies
 */
export async function quotaSaid(
  quotas: KeptQuotas,
  holder: string,
  question: QuotaQuestion,
): Promise<QuotaSaid> {
  const { customer } = question
  const { book } = quotas
  if (question.do === 'judge') return said((await quotas.judge(customer)) ?? 0)
  const { lease, bytes } = question
  if (question.do === 'open') return said(book.open(customer, lease, holder, bytes))
  if (question.do === 'end') book.end(customer, lease, bytes)
  else if (quotas.extend({ customer, lease, holder }, bytes)) return said(bytes)
  return said(0)
}

function said(granted: number | QuotaRefused): QuotaSaid {
  if (typeof granted === 'number') return { bytesMax: granted }
  const { name, reason, message, waitMs } = granted
  return { refused: { name, reason, message, waitMs } }
}

/** What they are made of. */
export interface LeasedQuotasOptions {
  readonly clock: Clock
  /** Asks who has the book, in the order of its calls; undefined without an answer in time. */
  readonly ask: (question: QuotaQuestion) => Promise<QuotaSaid | undefined>
  /** Names this process among all that ever ran. */
  readonly holder: string
  /** Bytes of a customer that may be sent while there is no answer. */
  readonly unansweredBytesMax: number
}

/** What was last said of a customer. */
interface Judged {
  readonly atMs: number
  readonly refused: QuotaRefused | undefined
}

/**
 * Asks for each window of each body, before its bytes are sent; that a customer may read, or not,
 * is believed for a second. While nobody answers, so many bytes may be sent as may be anyway while
 * it can't be told what was used.
 */
export class LeasedQuotas implements Quotas {
  readonly #options: LeasedQuotasOptions
  readonly #judged = new LRUCache<string, Judged>({ max: QUOTA_CUSTOMERS_MAX })
  /** Bytes that were granted to customers here since somebody answered. */
  readonly #unanswered = new LRUCache<string, number>({ max: QUOTA_CUSTOMERS_MAX })
  #leases = 0

  constructor(options: LeasedQuotasOptions) {
    this.#options = options
  }

  judge(customer: string): QuotaRefused | undefined | Promise<QuotaRefused | undefined> {
    const judged = this.#judged.get(customer)
    const nowMs = this.#options.clock.monotonicMs()
    if (judged !== undefined && nowMs - judged.atMs < QUOTA_REFRESH_MS) return judged.refused
    return this.#judgeAnew(customer)
  }

  async open(customer: string, bytes: number): Promise<Result<QuotaLease, QuotaRefused>> {
    const lease = `${this.#options.holder}:${this.#leases++}`
    const granted = await this.ask({ do: 'open', customer, lease, bytes })
    if (granted instanceof QuotaRefused) {
      // Who did not answer may have opened it.
      if (granted.reason === 'unknown') void this.ask({ do: 'end', customer, lease, bytes: 0 })
      return fail(granted)
    }
    return ok(new AskedLease(this, { customer, lease }, granted))
  }

  /** Bytes that a body may send in all, or why it may not: by an answer, or without one. */
  async ask(question: QuotaQuestion): Promise<number | QuotaRefused> {
    const { customer } = question
    const answer = await this.#options.ask(question)
    if (answer === undefined) return this.#unansweredFor(question)
    this.#unanswered.delete(customer)
    if ('bytesMax' in answer) return answer.bytesMax
    const { name, reason, message, waitMs } = answer.refused
    return new QuotaRefused(name, reason, message, waitMs)
  }

  async #judgeAnew(customer: string): Promise<QuotaRefused | undefined> {
    const answer = await this.ask({ do: 'judge', customer })
    const refused = answer instanceof QuotaRefused ? answer : undefined
    this.#judged.set(customer, { atMs: this.#options.clock.monotonicMs(), refused })
    return refused
  }

  #unansweredFor(question: QuotaQuestion): number | QuotaRefused {
    const { customer } = question
    if (question.do === 'end') return 0
    const before = this.#unanswered.get(customer) ?? 0
    if (before >= this.#options.unansweredBytesMax) return refusedFor('unknown', 'QuotaExceeded')
    if (question.do === 'judge') return 0
    this.#unanswered.set(customer, before + QUOTA_WINDOW_BYTES)
    return question.do === 'open' ? Math.min(question.bytes, QUOTA_WINDOW_BYTES) : question.bytes
  }
}

class AskedLease implements QuotaLease {
  bytesMax: number
  readonly #quotas: LeasedQuotas
  readonly #name: { readonly customer: string; readonly lease: string }

  constructor(
    quotas: LeasedQuotas,
    name: { readonly customer: string; readonly lease: string },
    bytesMax: number,
  ) {
    this.#quotas = quotas
    this.#name = name
    this.bytesMax = bytesMax
  }

  async extend(bytes: number): Promise<boolean> {
    const asked = Math.max(bytes, this.bytesMax + QUOTA_WINDOW_BYTES)
    const granted = await this.#quotas.ask({ do: 'extend', ...this.#name, bytes: asked })
    if (typeof granted !== 'number' || granted < asked) return false
    this.bytesMax = asked
    return true
  }

  end(bytes: number): void {
    void this.#quotas.ask({ do: 'end', ...this.#name, bytes })
  }
}
