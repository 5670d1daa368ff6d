/**
 * What customers and spaces ask about their own usage. An answer is whole or an error.
 * @module
 */
import { DAY_EPOCHS, EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { endOf, type EpochSpan } from '@turnpike/core/billing/ownership'
import { periodOf } from '@turnpike/core/billing/period'
import { egressBytesOf } from '@turnpike/core/billing/quantities'
import type { MsRange } from '@turnpike/core/billing/storage'
import { EGRESS_DAYS_MAX, STORAGE_EVENTS_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { LedgerView } from '@turnpike/core/ports/ledger'
import type { Ownership, OwnershipHistory } from '@turnpike/core/ports/provisioning'
import type { Clock } from '@turnpike/core/ports/runtime'
import {
  AccountNotFound,
  PeriodNotAcceptable,
  SpaceUnauthorized,
  UsageUnavailable,
} from '@turnpike/core/ports/usage'
import type {
  AccountQuery,
  AccountUsage,
  DailyEgress,
  EgressReport,
  StorageHistory,
  StorageRange,
  StorageReport,
  UsageQuery,
  UsageRefused,
} from '@turnpike/core/ports/usage'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import type { CaughtUp } from './accounting.ts'
import { billedOf } from './billed.ts'
import { dailyEgress } from './daily-egress.ts'

/** What answers are made from. */
export interface CustomerUsageDeps {
  readonly ledger: Pick<LedgerView, 'sums' | 'voids'>
  readonly storage: StorageHistory
  readonly owners: Pick<OwnershipHistory, 'customer' | 'ofCustomer'>
  /** DIDs of the operator: what is read on their account is no customer's. */
  readonly operators: ReadonlySet<string>
  /** DID of the gateway, which stores. */
  readonly provider: string
  readonly clock: Pick<Clock, 'nowMs'>
  /** Takes what was delivered so far into the ledger. */
  catchUp(): Promise<Result<Pick<CaughtUp, 'more'>, Error>>
}

/** What one question is about. */
interface Asked {
  readonly ownerships: readonly Ownership[]
  /** Spaces that were asked for by name. */
  readonly named: readonly SpaceDid[]
  readonly range: MsRange
}

/**
 * Answers from the ledger and from what spaces stored.
 *
 * @example
 * const usage = new CustomerUsage(deps)
 * const answer = await usage.account({ customer: 'did:mailto:example.com:alice' })
 */
export class CustomerUsage implements UsageQuery {
  readonly #deps: CustomerUsageDeps

  constructor(deps: CustomerUsageDeps) {
    this.#deps = deps
  }

  async storage(range: StorageRange): Promise<Result<StorageReport, UsageRefused>> {
    const refusal = rangeFault(range)
    if (refusal !== undefined) return fail(refusal)
    const { storage, provider } = this.#deps
    return reportOf(storage, range, provider, STORAGE_EVENTS_MAX)
  }

  async account(query: AccountQuery): Promise<Result<AccountUsage, UsageRefused>> {
    const asked = await this.#asked(query)
    if (asked.error) return asked
    const { ownerships, named, range } = asked.ok
    const storage = await this.#storageOf(ownerships, range)
    if (storage.error) return storage
    const egress = await this.#egressOf(ownerships, range)
    if (egress.error) return egress
    const told = [...named, ...[...storage.ok, ...egress.ok].map(({ space }) => space)]
    const spaces = [...new Set(told)].toSorted()
    return ok({ spaces, storage: storage.ok, egress: egress.ok })
  }

  async egressByDay(query: AccountQuery): Promise<Result<readonly DailyEgress[], UsageRefused>> {
    const asked = await this.#asked(query)
    if (asked.error) return asked
    const { ownerships, named, range } = asked.ok
    const days = wholeDays(range)
    if (days.endEpoch - days.firstEpoch > EGRESS_DAYS_MAX * DAY_EPOCHS)
      return fail(new PeriodNotAcceptable(`period expected <= ${EGRESS_DAYS_MAX} days, got more`))
    const caughtUp = await this.#caughtUp()
    if (caughtUp.error) return caughtUp
    return ok(await dailyEgress(this.#deps.ledger, ownerships, days, named))
  }

  /** What a question is about, when it may be asked. */
  async #asked(query: AccountQuery): Promise<Result<Asked, UsageRefused>> {
    const { owners, clock, operators } = this.#deps
    const { customer, spaces: named = [] } = query
    const nowMs = clock.nowMs()
    const month = periodOf(epochOf(nowMs))
    const range = query.period ?? { fromMs: month.firstEpoch * EPOCH_MS, toMs: nowMs }
    const refusal = rangeFault(range)
    if (refusal !== undefined) return fail(refusal)
    if ((await owners.customer(customer)) === undefined) return fail(new AccountNotFound(customer))
    const theirs = (await owners.ofCustomer(customer)).filter(({ space }) => !operators.has(space))
    const known = new Set(theirs.map(({ space }) => space))
    const stranger = named.find((space) => !known.has(space))
    if (stranger !== undefined) return fail(new SpaceUnauthorized(stranger, customer))
    const wanted = query.spaces === undefined ? known : new Set(named)
    return ok({ ownerships: theirs.filter(({ space }) => wanted.has(space)), named, range })
  }

  async #caughtUp(): Promise<Result<Pick<CaughtUp, 'more'>, UsageUnavailable>> {
    const { ok: caughtUp, error } = await this.#deps.catchUp()
    if (error !== undefined) return fail(new UsageUnavailable(error.message))
    if (caughtUp.more) return fail(new UsageUnavailable('reads are still being counted: try again'))
    return ok(caughtUp)
  }

  /**
   * Of each space the last stretch of the range in which the customer had it. What changed before
   * they took it on is told to nobody who did not have it then, though they may pay for it.
   */
  async #storageOf(
    ownerships: readonly Ownership[],
    { fromMs, toMs }: MsRange,
  ): Promise<Result<StorageReport[], UsageRefused>> {
    const last = new Map<SpaceDid, Ownership>()
    for (const owned of ownerships) {
      const overlaps = hadFromMs(owned) <= toMs && endOf(owned) * EPOCH_MS > fromMs
      if (overlaps) last.set(owned.space, owned)
    }
    const reports: StorageReport[] = []
    let eventsLeft = STORAGE_EVENTS_MAX
    for (const [space, owned] of last) {
      const stretch = {
        space,
        fromMs: Math.max(fromMs, hadFromMs(owned)),
        toMs: Math.min(toMs, endOf(owned) * EPOCH_MS),
      }
      const report = await reportOf(this.#deps.storage, stretch, owned.provider, eventsLeft)
      if (report.error) return report
      eventsLeft -= report.ok.events.length
      reports.push(report.ok)
    }
    return ok(reports)
  }

  /** What a statement over the hours of the range bills, by space and provider. */
  async #egressOf(
    ownerships: readonly Ownership[],
    range: MsRange,
  ): Promise<Result<EgressReport[], UsageUnavailable>> {
    const caughtUp = await this.#caughtUp()
    if (caughtUp.error) return caughtUp
    const period = wholeHours(range)
    const told = { fromMs: period.firstEpoch * EPOCH_MS, toMs: period.endEpoch * EPOCH_MS }
    const sources = { ...this.#deps, storedUntil: 0 }
    const reports: EgressReport[] = []
    for (const provider of new Set(ownerships.map((owned) => owned.provider))) {
      const under = ownerships.filter((owned) => owned.provider === provider)
      const { rows } = await billedOf(sources, under, period, { bySpace: true })
      for (const row of rows)
        reports.push({
          provider,
          space: row.space as SpaceDid,
          ...told,
          totalBytes: egressBytesOf(row),
        })
    }
    return ok(reports.toSorted((a, b) => (a.space < b.space ? -1 : Number(a.space > b.space))))
  }
}

async function reportOf(
  storage: StorageHistory,
  range: StorageRange,
  provider: string,
  eventsMax: number,
): Promise<Result<StorageReport, PeriodNotAcceptable>> {
  const events = await storage.deltas(range, eventsMax + 1)
  if (events.length > eventsMax)
    return fail(
      new PeriodNotAcceptable(
        `period expected to hold <= ${STORAGE_EVENTS_MAX} changes of sizes: ask for shorter ones`,
      ),
    )
  const initialBytes = await storage.sizeBytes(range.space, range.fromMs)
  const finalBytes = events.reduce((size, { deltaBytes }) => size + deltaBytes, initialBytes)
  return ok({ ...range, provider, initialBytes, finalBytes, events })
}

/** From when on a space was a customer's, whatever lay in suspense until then. */
function hadFromMs({ firstEpoch, assignedEpoch }: Ownership): number {
  return Math.max(firstEpoch, assignedEpoch) * EPOCH_MS
}

/** Longest time that a Date can say, ms. */
const MS_MAX = 8.64e15

function rangeFault({ fromMs, toMs }: MsRange): PeriodNotAcceptable | undefined {
  if (fromMs >= 0 && fromMs <= toMs && toMs <= MS_MAX) return undefined
  return new PeriodNotAcceptable('period expected from 1970 on, and not to end before it begins')
}

function wholeHours({ fromMs, toMs }: MsRange): EpochSpan {
  return { firstEpoch: epochOf(fromMs), endEpoch: Math.ceil(toMs / EPOCH_MS) }
}

function wholeDays({ fromMs, toMs }: MsRange): EpochSpan {
  const dayMs = DAY_EPOCHS * EPOCH_MS
  return {
    firstEpoch: Math.floor(fromMs / dayMs) * DAY_EPOCHS,
    endEpoch: Math.ceil(toMs / dayMs) * DAY_EPOCHS,
  }
}
