/**
 * Accounting of one data folder: its journals, log and ledger, opened in this thread.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { Accounting } from '@turnpike/accounting/accounting'
import { CHECKPOINT_PATH, originIn } from '@turnpike/accounting/checkpoint'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { UsageAnswer, UsageQuery } from '@turnpike/accounting/usage'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { FileLogStore } from '../log/log-store.ts'
import { isDiskFull, stoppedBy } from './fault.ts'
import type { AccountingStopped } from './fault.ts'
import { Journals } from './journals.ts'

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
  /** Ends what is under way and gives the files back. Journals keep what is not in the log yet. */
  close(): Promise<void>
}

/** Where accounting keeps its files (docs/reference/log-files.md). */
export interface AccountingPaths {
  readonly journals: string
  readonly log: string
  readonly ledger: string
}

/** Paths of accounting's files in a data folder. */
export function accountingPaths(dataDir: string): AccountingPaths {
  return {
    journals: join(dataDir, 'journal'),
    log: join(dataDir, 'log'),
    ledger: join(dataDir, 'ledger.sqlite'),
  }
}

// Uptime runs on while the machine sleeps, which `performance.now` doesn't on Linux: a laptop that
// wakes up would look like a clock that somebody set ahead.
const clock: Clock = { nowMs: Date.now, monotonicMs: () => uptime() * 1000 }

/**
 * Opens accounting for the folder's owner: `turnpike usage` without a server, or the thread of one.
 *
 * @example
 * const { ok: accounting, error } = await openAccounting({ dataDir, origin, slotsInUse: [] })
 * const usage = await accounting.usage({ by: 'day' })
 */
export async function openAccounting(
  options: AccountingOptions,
): Promise<Result<AccountingHost, AccountingStopped>> {
  const paths = accountingPaths(options.dataDir)
  let store: FileLogStore | undefined
  try {
    store = await FileLogStore.open(paths.log)
    const journals = new Journals(paths.journals)
    if (options.slotsInUse !== 'all') await journals.recover(new Set(options.slotsInUse))
    const origin = (await nameOf(store)) ?? options.origin
    const ledger = new SqliteLedger(paths.ledger)
    return ok(new DirectAccounting({ ...options, origin }, { store, journals, ledger }))
  } catch (error) {
    store?.close()
    return fail(stoppedBy(error))
  }
}

/** The name that checkpoints of a log have: the gateway may have got another key since. */
async function nameOf(store: FileLogStore): Promise<string | undefined> {
  const checkpoint = await store.get(CHECKPOINT_PATH)
  return checkpoint && originIn(checkpoint)
}

/** Files of accounting, open. */
interface Opened {
  readonly store: FileLogStore
  readonly journals: Journals
  readonly ledger: SqliteLedger
}

class DirectAccounting implements AccountingHost {
  readonly #opened: Opened
  readonly #accounting: Accounting
  /** Calls under way: `close` waits for them. */
  readonly #pending = new Set<Promise<unknown>>()

  constructor(options: AccountingOptions, opened: Opened) {
    this.#opened = opened
    this.#accounting = new Accounting({
      store: opened.store,
      ledger: opened.ledger,
      journals: () => opened.journals.sources(),
      clock,
      random: { bytes: (length) => randomBytes(length) },
      hasher: nodeHasher,
      origin: options.origin,
    })
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

  async confirmClock(): Promise<void> {
    this.#accounting.confirmClock()
  }

  async close(): Promise<void> {
    await Promise.all(this.#pending)
    this.#opened.store.close()
    this.#opened.ledger.close()
  }

  async #run<T extends NonNullable<unknown>>(
    work: () => Promise<Result<T, Error>>,
  ): Promise<Result<T, AccountingStopped>> {
    const running = this.#attempt(work)
    this.#pending.add(running)
    const result = await running
    this.#pending.delete(running)
    return result
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
