/**
 * What customers used, may use, and are using now: the ledger's word and what it can't know yet.
 * @module
 */
import { QUOTA_STALE_MS, QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import type { QuotaRefused } from '@turnpike/core/ports/quota'
import type { Clock } from '@turnpike/core/ports/runtime'
import { type Allowed, type QuotaAccount, refusedFor } from './account.ts'

/** What a book is made of. */
export interface QuotaBookOptions {
  readonly clock: Clock
  /**
   * Bytes of one customer that may be sent while accounting does not say what was used: the sum of
   * what ended since it last did, and of what open bodies may send.
   */
  readonly uncountedBytesMax: bigint
  /** Customers that are watched at once. */
  readonly customersMax: number
}

/** A body that draws on a quota. */
interface OpenLease {
  readonly customer: string
  /** Who has it: a process that may die. */
  readonly holder: string
  reserved: bigint
}

/** One customer's page. */
interface Page {
  account: QuotaAccount | undefined
  /** When accounting was asked last with success, and at all: monotonic ms. */
  knownAtMs: number
  askedAtMs: number
  /** Bytes of bodies that ended since the question that is out was asked, or the last one. */
  ended: bigint
  /** Those that ended before it: its answer has them, as soon as there is one. */
  asked: bigint
  /** What open bodies may send in all. */
  reserved: bigint
  /** What bodies of a process that died may have sent, until its journal was recovered. */
  lost: Map<string, bigint>
}

/**
 * Never counts less than was sent. Each byte is in one of these at least, from before it is sent
 * until it is in the ledger: reserved, lost, ended, asked, and what accounting said. While a
 * question is out, what ends may be in two; then a limit is reached a little early, for as long as
 * an answer takes.
 *
 * A body ends here when its entry is in the journal. Who asks accounting has all journals written
 * first, so that its answer has all that ended before {@link begin}.
 */
export class QuotaBook {
  readonly #options: QuotaBookOptions
  readonly #pages = new Map<string, Page>()
  readonly #leases = new Map<string, OpenLease>()

  constructor(options: QuotaBookOptions) {
    this.#options = options
  }

  /** Customers that are watched. */
  get size(): number {
    return this.#pages.size
  }

  /**
   * Whether accounting is to be asked before a customer is judged: it never was with success, or
   * not for long, or what it said was of a time that is over. Not more often than every `everyMs`.
   */
  isUnknown(customer: string, everyMs: number): boolean {
    const page = this.#pages.get(customer)
    if (page === undefined) return true
    if (this.#isStale(page) || this.#isOver(page))
      return this.#options.clock.monotonicMs() - page.askedAtMs >= everyMs
    return false
  }

  /** Why a customer's reads are refused now; undefined when something is left. */
  judge(customer: string): QuotaRefused | undefined {
    const page = this.#pageOf(customer)
    if (page === undefined) return refusedFor('unknown', 'QuotaExceeded')
    return this.#judge(page)
  }

  /**
   * Takes quota for a body, for `bytes` of it at most and for a window at most.
   *
   * @param lease names the body among those of all holders
   * @returns bytes that it may send in all
   */
  open(customer: string, lease: string, holder: string, bytes: number): number | QuotaRefused {
    const refused = this.judge(customer)
    if (refused !== undefined) return refused
    const granted = Math.min(bytes, QUOTA_WINDOW_BYTES)
    this.#leases.set(lease, { customer, holder, reserved: 0n })
    this.#reserve(lease, granted)
    return granted
  }

  /**
   * Takes so much that a body may send `bytes` in all; false where its quota ends. One that is
   * unknown was opened while nobody answered.
   */
  extend(customer: string, lease: string, holder: string, bytes: number): boolean {
    const open = this.#leases.get(lease)
    if (open !== undefined && BigInt(bytes) <= open.reserved) return true
    if (this.judge(customer) !== undefined) return false
    if (open === undefined) this.#leases.set(lease, { customer, holder, reserved: 0n })
    this.#reserve(lease, bytes)
    return true
  }

  /** A body has ended, and its entry is in the journal. One that is unknown counts all the same. */
  end(customer: string, lease: string, bytes: number): void {
    const open = this.#leases.get(lease)
    const page = this.#pages.get(customer) ?? this.#addPage(customer)
    if (open !== undefined) {
      this.#leases.delete(lease)
      page.reserved -= open.reserved
    }
    page.ended += BigInt(bytes)
  }

  /** A process has died: what its bodies sent is in its journal, which nobody has read yet. */
  lose(holder: string): void {
    for (const [lease, open] of this.#leases) {
      if (open.holder !== holder) continue
      const page = this.#pages.get(open.customer)!
      this.#leases.delete(lease)
      page.reserved -= open.reserved
      page.lost.set(holder, (page.lost.get(holder) ?? 0n) + open.reserved)
    }
  }

  /** The journal of a process that had died was recovered: the next answer has what it sent. */
  recovered(holder: string): void {
    for (const page of this.#pages.values()) {
      page.ended += page.lost.get(holder) ?? 0n
      page.lost.delete(holder)
    }
  }

  /** Accounting is about to be asked about some customers: journals are written after this. */
  begin(customers: readonly string[]): void {
    for (const customer of customers) {
      const page = this.#pageOf(customer)
      if (page === undefined) continue
      page.askedAtMs = this.#options.clock.monotonicMs()
      page.asked += page.ended
      page.ended = 0n
    }
  }

  /** What accounting said of a customer, of all that had ended before {@link begin}. */
  settle(customer: string, account: QuotaAccount): void {
    const page = this.#pages.get(customer)
    if (page === undefined) return
    page.account = account
    page.knownAtMs = page.askedAtMs
    page.asked = 0n
  }

  /** Bytes of a customer that open bodies may send, or that are not in the ledger yet. */
  pendingBytes(customer: string): bigint {
    const page = this.#pages.get(customer)
    return page === undefined ? 0n : pendingOf(page)
  }

  #judge(page: Page): QuotaRefused | undefined {
    const pending = pendingOf(page)
    const { account } = page
    const nowMs = this.#options.clock.nowMs()
    if (account !== undefined) {
      const { period, day, refusal, reason } = account
      if (isReached(period, pending)) return refusedFor(reason, refusal, period.endMs - nowMs)
      if (isReached(day, pending)) return refusedFor('day', refusal, day.endMs - nowMs)
    }
    if (!this.#isStale(page) || pending < this.#options.uncountedBytesMax) return undefined
    return refusedFor('unknown', account?.refusal ?? 'QuotaExceeded')
  }

  #isStale({ knownAtMs }: Page): boolean {
    return this.#options.clock.monotonicMs() - knownAtMs >= QUOTA_STALE_MS
  }

  #isOver({ account }: Page): boolean {
    const nowMs = this.#options.clock.nowMs()
    return account !== undefined && (nowMs >= account.period.endMs || nowMs >= account.day.endMs)
  }

  #reserve(lease: string, bytes: number): void {
    const open = this.#leases.get(lease)!
    const page = this.#pages.get(open.customer)!
    const reserved = BigInt(bytes)
    page.reserved += reserved - open.reserved
    open.reserved = reserved
  }

  /** The page of a customer, a new one if there is room; undefined where there is none. */
  #pageOf(customer: string): Page | undefined {
    const page = this.#pages.get(customer)
    if (page !== undefined) return page
    if (this.#pages.size >= this.#options.customersMax && !this.#makeRoom()) return undefined
    return this.#addPage(customer)
  }

  #addPage(customer: string): Page {
    const page: Page = {
      account: undefined,
      knownAtMs: -Infinity,
      askedAtMs: -Infinity,
      ended: 0n,
      asked: 0n,
      reserved: 0n,
      lost: new Map(),
    }
    this.#pages.set(customer, page)
    return page
  }

  /** Forgets the first customer of whom the ledger knows everything. */
  #makeRoom(): boolean {
    for (const [customer, page] of this.#pages) {
      if (pendingOf(page) > 0n) continue
      return this.#pages.delete(customer)
    }
    return false
  }
}

function pendingOf({ ended, asked, reserved, lost }: Page): bigint {
  let pending = ended + asked + reserved
  for (const bytes of lost.values()) pending += bytes
  return pending
}

function isReached({ usedBytes, limitBytes }: Allowed, pending: bigint): boolean {
  return limitBytes !== undefined && usedBytes + pending >= limitBytes
}
