/**
 * Accounting on a thread of its own: hashing, scans and SQLite stay off the one that serves.
 * @module
 */
import { once } from 'node:events'
import { type MessagePort, Worker } from 'node:worker_threads'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { UsageAnswer, UsageQuery } from '@turnpike/accounting/usage'
import { THREAD_YOUNG_MIB_MAX } from '@turnpike/core/limits'
import { ACCOUNTING_CALLS_MAX } from '@turnpike/core/limits/log'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { OperationRefused } from '../control/client.ts'
import type { Operation, Operations } from '../control/server.ts'
import { AccountingStopped } from './fault.ts'
import type { AccountingReply, AccountingRequest, AccountingStart, SentFault } from './messages.ts'
import type { AccountingHost, AccountingOptions } from './open.ts'
import { ACCOUNTING_OPERATIONS } from './operations.ts'

/** How to run the thread. */
export interface AccountingThreadOptions extends AccountingOptions {
  /**
   * Called when rounds in the background begin to fail, and with undefined when they go well again.
   * The thread keeps trying; journals keep what it can't take. `ThreadEnded` is the last word.
   */
  readonly onStanding: (fault: AccountingStopped | undefined) => void
  /** Called when a job begins to fail, and with undefined when it goes well again. */
  readonly onJob?: (job: string, fault: AccountingStopped | undefined) => void
  /** The channel over which the folder's owner asks. */
  readonly owner?: MessagePort
}

type Answer = CaughtUp | UsageAnswer | NonNullable<unknown> | null
type Waiting = (answer: Result<{ readonly answer: Answer }, AccountingStopped>) => void
type Call = AccountingRequest extends infer R ? (R extends R ? Omit<R, 'call'> : never) : never

/**
 * Starts accounting of a data folder on a thread. From then on log and ledger follow the journals
 * within about a second.
 *
 * @example
 * const options = { dataDir, origin, slotsInUse: ['0'], onStanding: report }
 * const { ok: accounting, error } = await startAccounting(options)
 */
export async function startAccounting(
  options: AccountingThreadOptions,
): Promise<Result<AccountingHost, AccountingStopped>> {
  const { dataDir, origin, slotsInUse, settings, owner } = options
  const workerData: AccountingStart = {
    dataDir,
    origin,
    slotsInUse,
    owner,
    ...(settings && { settings }),
  }
  // The file is TypeScript in the repository and JavaScript when published.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  // No flags of this process: some, such as --input-type, are none that a thread takes.
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData,
    transferList: owner === undefined ? [] : [owner],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: THREAD_YOUNG_MIB_MAX },
  })
  const host = new ThreadAccounting(worker, options)
  const fault = await host.opened
  return fault === undefined ? ok(host) : fail(fault)
}

class ThreadAccounting implements AccountingHost {
  readonly opened: Promise<AccountingStopped | undefined>
  readonly #worker: Worker
  readonly operations: Operations
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  #isOpen = false
  #ended: AccountingStopped | undefined
  #closing: Promise<void> | undefined

  constructor(worker: Worker, { onStanding, onJob = () => {} }: AccountingThreadOptions) {
    this.#worker = worker
    this.operations = Object.fromEntries(
      ACCOUNTING_OPERATIONS.map((name) => [name, this.#operation(name)]),
    )
    const { promise, resolve } = Promise.withResolvers<AccountingStopped | undefined>()
    this.opened = promise
    worker.on('message', (reply: AccountingReply) => {
      if ('opened' in reply) {
        this.#isOpen = reply.opened === null
        resolve(received(reply.opened))
      } else if ('standing' in reply) onStanding(received(reply.standing))
      else if ('job' in reply) onJob(reply.job, received(reply.fault))
      else this.#settle(reply)
    })
    let thrown: unknown
    worker.on('error', (error) => (thrown = error))
    worker.on('exit', () => {
      const ended = new AccountingStopped('ThreadEnded', 'accounting thread has ended', thrown)
      this.#ended = ended
      resolve(ended)
      for (const settle of this.#waiting.values()) settle(fail(ended))
      this.#waiting.clear()
      // Why one never opened, its opening has told.
      if (this.#isOpen && this.#closing === undefined) onStanding(ended)
    })
  }

  async catchUp(): Promise<Result<CaughtUp, AccountingStopped>> {
    return this.#ask<CaughtUp>({ do: 'catchUp' })
  }

  async usage(query: UsageQuery): Promise<Result<UsageAnswer, AccountingStopped>> {
    return this.#ask<UsageAnswer>({ do: 'usage', query })
  }

  async rebuild(): Promise<Result<CaughtUp, AccountingStopped>> {
    return this.#ask<CaughtUp>({ do: 'rebuild' })
  }

  async confirmClock(): Promise<void> {
    await this.#call({ do: 'confirmClock' })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #operation(method: string): Operation {
    return async (params) => {
      const result = await this.#call({ do: 'operate', method, params })
      if (result.error === undefined) return ok(result.ok.answer as NonNullable<unknown>)
      return fail(new OperationRefused(result.error.reason, result.error.message))
    }
  }

  async #close(): Promise<void> {
    if (this.#ended !== undefined) return
    const ended = once(this.#worker, 'exit')
    // Answered when the files are given back; the thread then has nothing left to do, and ends.
    await this.#call({ do: 'close' })
    await ended
  }

  async #ask<T extends CaughtUp | UsageAnswer>(call: Call): Promise<Result<T, AccountingStopped>> {
    const result = await this.#call(call)
    return result.error === undefined ? ok(result.ok.answer as T) : result
  }

  #call(call: Call): Promise<Result<{ readonly answer: Answer }, AccountingStopped>> {
    if (this.#ended !== undefined) return Promise.resolve(fail(this.#ended))
    if (this.#waiting.size >= ACCOUNTING_CALLS_MAX && call.do !== 'close') {
      const message = `accounting expected <= ${ACCOUNTING_CALLS_MAX} calls: try again later`
      return Promise.resolve(fail(new AccountingStopped('Busy', message)))
    }
    const { promise, resolve } = Promise.withResolvers<Parameters<Waiting>[0]>()
    const number = this.#calls++
    // First: what can't be sent, and throws, is not waited for.
    this.#worker.postMessage({ ...call, call: number })
    this.#waiting.set(number, resolve)
    return promise
  }

  #settle(reply: Extract<AccountingReply, { call: number }>): void {
    const settle = this.#waiting.get(reply.call)
    this.#waiting.delete(reply.call)
    if ('fault' in reply) settle?.(fail(received(reply.fault)))
    else settle?.(ok({ answer: 'ok' in reply ? reply.ok : reply.done }))
  }
}

function received(fault: SentFault): AccountingStopped
function received(fault: SentFault | null): AccountingStopped | undefined
function received(fault: SentFault | null): AccountingStopped | undefined {
  return fault === null ? undefined : new AccountingStopped(fault.reason, fault.message)
}
