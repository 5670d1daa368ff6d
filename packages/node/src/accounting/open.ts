/**
 * Accounting of one data folder: its journals, log and ledger, opened in this thread.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { Accounting } from '@turnpike/accounting/accounting'
import { epochGuard } from '@turnpike/accounting/epochs/guard'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import { FollowedReceipts } from '@turnpike/accounting/receipts/followed-receipts'
import type { DropQuery, Dropped } from '@turnpike/accounting/retention/drop-entries'
import type { LogState } from '@turnpike/accounting/state'
import type { UsageAnswer, UsageQuery } from '@turnpike/accounting/usage'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { COMMIT_BUCKETS_MS } from '../analytics/metrics.ts'
import { confirmedMs } from '../billing/confirmed.ts'
import { openEpoch } from '../billing/open-epoch.ts'
import { lastOnBooks, PossibleClock } from '../billing/possible-clock.ts'
import { defaultSettings } from '../config/load.ts'
import type { HandTo } from '../config/handover.ts'
import type { Settings } from '../config/settings.ts'
import type { Operations } from '../control/server.ts'
import { SqliteEpochStore } from '../epochs/store.ts'
import { folderPaths } from '../folder/layout.ts'
import { beginningAt } from '../handover/floors.ts'
import { openHanding } from '../handover/handing.ts'
import { nodeHasher } from '../hasher.ts'
import { TimedLogStore } from '../log/timed-store.ts'
import { TimeBuckets } from '../metrics/histogram.ts'
import { lastEpoch } from '../ledger/last-epoch.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { readPlans } from '../plans/read.ts'
import { nodeClock } from '../runtime.ts'
import { ClosedBooks } from '../statements/closed.ts'
import { OpenFiles, openJournals, type OpenedFiles } from './files.ts'
import { isDiskFull, stoppedBy } from './fault.ts'
import type { AccountingStopped } from './fault.ts'
import { accountingJobs, type Job } from './jobs.ts'
import type { AccountingParts } from './parts.ts'
import { ACCOUNTING_OPERATIONS, accountingOperations } from './operations.ts'

/** What to open. Everything in it can be sent to a thread. */
export interface AccountingOptions {
  readonly dataDir: string
  /** Name of a new log, such as `gateway.example/log`. One that has a name keeps it. */
  readonly origin: string
  /**
   * Slots whose journals running processes have open. The others are recovered first, as a killed
   * process left them. `all`: none is touched.
   */
  readonly slotsInUse: readonly string[] | 'all'
  /** What it follows; by default what the folder's own file of settings says. */
  readonly settings?: Settings
}

/** Accounting as its callers see it, in this thread or behind another. */
export interface AccountingHost {
  /** Takes everything that is durable in the journals now into log and ledger. */
  catchUp(): Promise<Result<CaughtUp, AccountingStopped>>
  /** Catches up, then answers. */
  usage(query: UsageQuery): Promise<Result<UsageAnswer, AccountingStopped>>
  /** Empties the ledger and counts the whole log again. */
  rebuild(): Promise<Result<CaughtUp, AccountingStopped>>
  /** An operator confirms that the clock is right, after a `ClockJumped`. */
  confirmClock(): Promise<void>
  /** What it does for others. */
  readonly operations: Operations
  /** Ends what is under way and gives the files back. Journals keep what is not in the log yet. */
  close(): Promise<void>
}

/** Accounting that was opened in this thread, with the work that it has to do now and then. */
export interface OpenedAccounting extends AccountingHost {
  readonly jobs: readonly Job[]
  /** Catches up, then lets old log entries go: some at a time. */
  dropEntries(query: DropQuery): Promise<Result<Dropped, AccountingStopped>>
}

/** Accounting that can stand still for those who need all of it as of one moment. */
export interface StandingAccounting {
  /**
   * Catches up, then runs `work` while log and ledger stand still. What it throws is a fault of
   * accounting's.
   */
  settled<T extends NonNullable<unknown>>(
    work: (log: LogState, caughtUp: CaughtUp) => Promise<T>,
  ): Promise<Result<T, AccountingStopped>>
  /**
   * Catches up and runs `open` while log and ledger stand still, then `work` on what it opened,
   * while they go on. Faults are as in `settled`.
   */
  settledThen<S extends NonNullable<unknown>, T extends NonNullable<unknown>>(
    open: (log: LogState, caughtUp: CaughtUp) => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<Result<T, AccountingStopped>>
}

/** Where accounting keeps its files (docs/reference/log-files.md). */
export interface AccountingPaths {
  readonly journals: string
  readonly log: string
  readonly ledger: string
  readonly billing: string
  readonly inbox: string
  readonly handed: string
  readonly receipts: string
  readonly receiptIndex: string
  readonly domains: string
}

/** Paths of accounting's files in a data folder. */
export function accountingPaths(dataDir: string): AccountingPaths {
  return {
    journals: join(dataDir, 'journal'),
    log: join(dataDir, 'log'),
    ledger: join(dataDir, 'ledger.sqlite'),
    billing: join(dataDir, 'billing.sqlite'),
    inbox: join(dataDir, 'inbox.sqlite'),
    handed: join(dataDir, 'handed.sqlite'),
    receipts: join(dataDir, 'receipts'),
    receiptIndex: join(dataDir, 'receipt-index'),
    domains: join(dataDir, 'domains.sqlite'),
  }
}

// Uptime runs on while the machine sleeps, which `performance.now` doesn't on Linux: a laptop that
// wakes up would look like a clock that somebody set ahead.
const clock: Clock = { nowMs: Date.now, monotonicMs: () => uptime() * 1000 }
const random: Random = { bytes: (length) => randomBytes(length) }

/**
 * Opens accounting for the folder's owner: `turnpike usage` without a server, or the thread of one.
 *
 * @example
 * const { ok: accounting, error } = await openAccounting({ dataDir, origin, slotsInUse: [] })
 * const usage = await accounting.usage({ by: 'day' })
 */
export async function openAccounting(
  options: AccountingOptions,
): Promise<Result<OpenedAccounting, AccountingStopped>> {
  const files = new OpenFiles()
  const paths = accountingPaths(options.dataDir)
  try {
    const settings = options.settings ?? defaultSettings(options.dataDir)
    const { handTo } = settings
    if (handTo !== undefined) return ok(await openHandingOn(options, settings, handTo))
    const plans = need(readPlans(settings.plans))
    return ok(
      new DirectAccounting({ ...options, settings, plans }, await files.open(options, paths)),
    )
  } catch (error) {
    files.close()
    return fail(stoppedBy(error))
  }
}

/** Of a host whose journals another one counts. */
async function openHandingOn(
  { dataDir, slotsInUse }: AccountingOptions,
  settings: Settings,
  handTo: HandTo,
): Promise<OpenedAccounting> {
  const paths = accountingPaths(dataDir)
  const journals = await openJournals(paths, slotsInUse)
  const operations = ACCOUNTING_OPERATIONS
  return openHanding({ dataDir, settings, handTo, journals, paths, clock, operations })
}

class DirectAccounting implements OpenedAccounting, StandingAccounting {
  readonly operations: Operations
  readonly jobs: readonly Job[]
  readonly #opened: OpenedFiles
  readonly #accounting: Accounting
  /** Calls under way: `close` waits for them. */
  readonly #pending = new Set<Promise<unknown>>()

  constructor(
    options: AccountingOptions & Pick<AccountingParts, 'settings' | 'plans'>,
    opened: OpenedFiles,
  ) {
    this.#opened = opened
    const ports = { clock, random, hasher: nodeHasher }
    const { signer, epochFiles } = opened
    const epochs = new SqliteEpochStore(opened.billing, {
      origin: signer.name,
      logId: logIdOf(signer, nodeHasher),
      anchors: options.settings.anchors,
    })
    const verifier = nodeVerifier
    const confirmed = (): number => confirmedMs(folderPaths(options.dataDir))
    const commitTimes = new TimeBuckets(COMMIT_BUCKETS_MS)
    this.#accounting = new Accounting({
      store: new TimedLogStore(opened.store, nodeClock, (ms) => commitTimes.add(ms)),
      ledger: opened.ledger,
      journals: async () => [
        ...(await opened.journals.sources()).map((source) => beginningAt(source, opened.handed)),
        opened.inbox,
      ],
      signer,
      guard: epochGuard({ epochs, files: epochFiles, signer, verifier, hasher: nodeHasher }),
      // What was confirmed, before the clock was set back, is no reason to wait.
      floorMs: () =>
        Math.max(openEpoch(opened.billing) * EPOCH_MS, Math.min(clock.nowMs(), confirmed())),
      ...ports,
    })
    const { dataDir, settings, plans } = options
    const { domains, ledger, inbox, billing, catalog } = opened
    // The folder's owner asks for them where there are no settings.
    new ClosedBooks(billing).operators(settings.handFrom)
    const lastMs = lastOnBooks(catalog, lastEpoch(accountingPaths(dataDir).ledger))
    const parts = {
      dataDir,
      settings,
      plans,
      host: this,
      log: opened.store,
      signer,
      epochs,
      epochFiles,
      receipts: new FollowedReceipts({
        log: opened.store,
        hasher: nodeHasher,
        index: opened.receipts,
      }),
      domains,
      ledger,
      inbox,
      billing,
      catalog,
      journals: opened.journals,
      commitTimes,
      ...ports,
      dating: new PossibleClock(clock, lastMs, confirmed),
    }
    this.operations = accountingOperations(parts)
    this.jobs = accountingJobs(parts)
  }

  catchUp(): Promise<Result<CaughtUp, AccountingStopped>> {
    return this.#run(() => this.#accounting.catchUp())
  }

  usage(query: UsageQuery): Promise<Result<UsageAnswer, AccountingStopped>> {
    return this.#run(() => this.#accounting.usage(query))
  }

  rebuild(): Promise<Result<CaughtUp, AccountingStopped>> {
    return this.#run(() => this.#accounting.rebuild())
  }

  settled<T extends NonNullable<unknown>>(
    work: (log: LogState, caughtUp: CaughtUp) => Promise<T>,
  ): Promise<Result<T, AccountingStopped>> {
    return this.#run(() => this.#accounting.settled(work))
  }

  settledThen<S extends NonNullable<unknown>, T extends NonNullable<unknown>>(
    open: (log: LogState, caughtUp: CaughtUp) => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<Result<T, AccountingStopped>> {
    return this.#keep(async () => {
      const opened = await this.#attempt(() => this.#accounting.settled(open))
      if (opened.error !== undefined) return opened
      try {
        return ok(await work(opened.ok))
      } catch (error) {
        return fail(stoppedBy(error))
      }
    })
  }

  dropEntries(query: DropQuery): Promise<Result<Dropped, AccountingStopped>> {
    return this.#run(() => this.#accounting.dropEntries(query))
  }

  async confirmClock(): Promise<void> {
    this.#accounting.confirmClock()
  }

  async close(): Promise<void> {
    await Promise.all(this.#pending)
    this.#opened.close()
  }

  #run<T extends NonNullable<unknown>>(
    work: () => Promise<Result<T, Error>>,
  ): Promise<Result<T, AccountingStopped>> {
    return this.#keep(() => this.#attempt(work))
  }

  /** Lets `close` wait for a call. */
  async #keep<T>(call: () => Promise<T>): Promise<T> {
    const running = call()
    this.#pending.add(running)
    try {
      return await running
    } finally {
      this.#pending.delete(running)
    }
  }

  /** Turns what is thrown into a value; on a full disk tries again with the journals' reserves. */
  async #attempt<T extends NonNullable<unknown>>(
    work: () => Promise<Result<T, Error>>,
  ): Promise<Result<T, AccountingStopped>> {
    try {
      const result = await work().catch(async (error: unknown) => {
        if (!isDiskFull(error)) throw error
        await this.#opened.journals.freeReserves()
        return work()
      })
      return result.error === undefined ? result : fail(stoppedBy(result.error))
    } catch (error) {
      return fail(stoppedBy(error))
    }
  }
}

function need<T extends NonNullable<unknown>>(result: Result<T, Error>): T {
  if (result.error) throw result.error
  return result.ok
}
