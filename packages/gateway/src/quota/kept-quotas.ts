/**
 * Quotas where their book is: in the only process, or in the primary that workers ask.
 * @module
 */
import {
  QUOTA_ANSWER_MS,
  QUOTA_ASKED_MAX,
  QUOTA_REFRESH_MS,
  QUOTA_WINDOW_BYTES,
} from '@turnpike/core/limits/billing'
import type { QuotaLease, QuotaRefused } from '@turnpike/core/ports/quota'
import type { Clock, Timer } from '@turnpike/core/ports/runtime'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import type { QuotaAccount } from './account.ts'
import type { QuotaBook } from './book.ts'
import type { Quotas } from './gate.ts'

/**
 * Asks accounting about customers, when all that has ended so far is in journals on the disk.
 * Undefined when it does not say; customers without a limit are missing. Never rejects.
 */
export type AskQuotas = (
  customers: readonly string[],
) => Promise<ReadonlyMap<string, QuotaAccount> | undefined>

/** What they are made of. */
export interface KeptQuotasOptions {
  readonly book: QuotaBook
  readonly ask: AskQuotas
  readonly clock: Clock
  readonly timer: Timer
  /** Whose bodies are opened here: this process. */
  readonly holder: string
}

/** Keeps the book up to date: about every second, for those whose reads come in. */
export class KeptQuotas implements Quotas {
  readonly book: QuotaBook
  readonly #options: KeptQuotasOptions
  /** Customers of the next question. */
  readonly #due = new Set<string>()
  /** Who waits for answers about customers: to the next question, and to the one that is out. */
  #waiting: Waiting = new Map()
  #asked: Waiting = new Map()
  #asking = false
  #askedAtMs = 0
  #callOff: (() => void) | undefined
  #leases = 0
  #closed = false

  constructor(options: KeptQuotasOptions) {
    this.#options = options
    this.book = options.book
  }

  judge(customer: string): Awaitable<QuotaRefused | undefined> {
    const { book } = this
    this.#touch(customer)
    if (!book.isUnknown(customer, 0) || this.#isMute()) return book.judge(customer)
    const asked = this.#asked.get(customer)
    if (asked === undefined && !book.isUnknown(customer, QUOTA_REFRESH_MS))
      return book.judge(customer)
    return this.#told(customer, asked).then(() => book.judge(customer))
  }

  open(customer: string, bytes: number): Result<QuotaLease, QuotaRefused> {
    const { holder } = this.#options
    const lease = `${holder}:${this.#leases++}`
    const granted = this.book.open(customer, lease, holder, bytes)
    if (typeof granted !== 'number') return fail(granted)
    return ok(new BookLease(this, { customer, lease, holder }, granted))
  }

  /** Takes more for a body; see {@link QuotaBook.extend}. */
  extend({ customer, lease, holder }: LeaseName, bytes: number): boolean {
    this.#touch(customer)
    return this.book.extend(customer, lease, holder, bytes)
  }

  /** Asks no more. */
  close(): void {
    this.#closed = true
    this.#callOff?.()
    for (const settle of [...this.#waiting.values(), ...this.#asked.values()].flat()) settle()
  }

  /** Whether accounting does not answer what it was asked: nobody else waits for it. */
  #isMute(): boolean {
    // Timers count whole milliseconds, and may end part of one before the clock says so.
    const waitedMs = Math.ceil(this.#options.clock.monotonicMs() - this.#askedAtMs)
    return this.#asking && waitedMs >= QUOTA_ANSWER_MS
  }

  #touch(customer: string): void {
    this.#due.add(customer)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed || this.#asking) return
    this.#callOff ??= this.#options.timer.after(QUOTA_REFRESH_MS, () => void this.#askAll())
  }

  /**
   * Resolves when there is an answer about a customer, or none came in time.
   *
   * @param asked who waits already for the answer that is to come
   */
  #told(customer: string, asked: (() => void)[] | undefined): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const callOff = this.#options.timer.after(QUOTA_ANSWER_MS, resolve)
    const waiting = asked ?? this.#waiting.get(customer) ?? []
    if (asked === undefined) this.#waiting.set(customer, waiting)
    waiting.push(() => {
      callOff()
      resolve()
    })
    if (!this.#asking) void this.#askAll()
    return promise
  }

  async #askAll(): Promise<void> {
    this.#callOff?.()
    this.#callOff = undefined
    this.#asking = true
    do await this.#askNext()
    while (this.#waiting.size > 0 && !this.#closed)
    this.#asking = false
    if (this.#due.size > 0) this.#schedule()
  }

  /** Asks about some customers: first about those that somebody waits for. */
  async #askNext(): Promise<void> {
    const first = [...this.#waiting.keys(), ...this.#due]
    const customers = [...new Set(first)].slice(0, QUOTA_ASKED_MAX)
    this.#asked = new Map()
    this.#askedAtMs = this.#options.clock.monotonicMs()
    for (const customer of customers) {
      this.#asked.set(customer, this.#waiting.get(customer) ?? [])
      this.#due.delete(customer)
      this.#waiting.delete(customer)
    }
    this.book.begin(customers)
    const accounts = await this.#options.ask(customers)
    for (const [customer, waiting] of this.#asked) {
      const account = accounts?.get(customer)
      if (account !== undefined) this.book.settle(customer, account)
      for (const settle of waiting) settle()
    }
    this.#asked = new Map()
  }
}

type Waiting = Map<string, (() => void)[]>

/** Which body it is. */
export interface LeaseName {
  readonly customer: string
  readonly lease: string
  readonly holder: string
}

class BookLease implements QuotaLease {
  bytesMax: number
  readonly #quotas: KeptQuotas
  readonly #name: LeaseName

  constructor(quotas: KeptQuotas, name: LeaseName, bytesMax: number) {
    this.#quotas = quotas
    this.#name = name
    this.bytesMax = bytesMax
  }

  extend(bytes: number): boolean {
    const asked = Math.max(bytes, this.bytesMax + QUOTA_WINDOW_BYTES)
    if (!this.#quotas.extend(this.#name, asked)) return false
    this.bytesMax = asked
    return true
  }

  end(bytes: number): void {
    this.#quotas.book.end(this.#name.customer, this.#name.lease, bytes)
  }
}
