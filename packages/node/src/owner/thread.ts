/**
 * Owning a data folder on a thread of its own, so that catalog writes stay off the one that serves.
 * @module
 */
import { type MessagePort, Worker } from 'node:worker_threads'
import { THREAD_YOUNG_MIB_MAX } from '@turnpike/core/limits'
import { fail, ok, type Result } from '@turnpike/core/result'
import { OperationRefused } from '../control/client.ts'
import type { Operation } from '../control/server.ts'
import type { FrontDoorSettings } from '../front-door/settings.ts'
import type {
  OwnerReply,
  OwnerRequest,
  OwnerStart,
  SentError,
  ThreadOperation,
} from './messages.ts'
import { OWNER_OPERATIONS, type Whoami } from './operations.ts'

/** A folder that a thread of this process owns. */
export interface OwnerThread {
  readonly whoami: Whoami
  readonly operations: Readonly<Record<ThreadOperation, Operation>>
  /** Ends what is under way, closes the catalog and gives the lock up. */
  close(): Promise<void>
}

type Answer = Result<NonNullable<unknown>, OperationRefused>
type Call = OwnerRequest extends infer R ? (R extends R ? Omit<R, 'call'> : never) : never

/**
 * Opens the data folder at `root` as its owner, on a thread, and makes it if there is none.
 *
 * @param onEnded called when the thread ends without being asked to: nothing can be written any
 * more
 * @param frontDoor what its front door follows; without, no invocations are taken
 * @param accounting the channel over which it asks accounting
 * @returns the error's name is that of `openFolder`, such as `FolderInUse`
 * @example
 * const owner = await startOwner('./data', stop)
 */
export async function startOwner(
  root: string,
  onEnded: (cause: unknown) => void,
  frontDoor?: FrontDoorSettings,
  accounting?: MessagePort,
): Promise<Result<OwnerThread, OperationRefused>> {
  // The file is TypeScript in the repository and JavaScript when published.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  // No flags of this process: some, such as --input-type, are none that a thread takes.
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { root, frontDoor, accounting } satisfies OwnerStart,
    transferList: accounting === undefined ? [] : [accounting],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: THREAD_YOUNG_MIB_MAX },
  })
  const calls = new ThreadCalls(worker, onEnded)
  const opened = await calls.opened
  if (opened.error) return opened
  const operation =
    (name: ThreadOperation): Operation =>
    (params, { progress }) =>
      calls.call({ do: name, params }, progress)
  const operations = Object.fromEntries(
    ([...OWNER_OPERATIONS, 'invoke'] as const).map((name) => [name, operation(name)]),
  ) as OwnerThread['operations']
  return ok({ whoami: opened.ok, operations, close: () => calls.close() })
}

interface Waiting {
  resolve(answer: Answer): void
  progress(event: unknown): void
}

/** Calls under way, by number. The control socket bounds how many there can be. */
class ThreadCalls {
  readonly opened: Promise<Result<Whoami, OperationRefused>>
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  #closing: Promise<unknown> | undefined
  #isOpen = false
  #ended = false

  constructor(worker: Worker, onEnded: (cause: unknown) => void) {
    this.#worker = worker
    const { promise, resolve } = Promise.withResolvers<Result<Whoami, OperationRefused>>()
    this.opened = promise
    worker.on('message', (reply: OwnerReply) => {
      if ('opened' in reply) {
        this.#isOpen = true
        resolve(ok(reply.opened))
      } else if ('refused' in reply) resolve(fail(received(reply.refused)))
      else if ('progress' in reply) this.#waiting.get(reply.call)?.progress(reply.progress)
      else
        this.#settle(reply.call, 'ok' in reply ? ok(reply.ok ?? {}) : fail(received(reply.error)))
    })
    let thrown: unknown
    worker.on('error', (error) => (thrown = error))
    worker.on('exit', () => {
      this.#ended = true
      const ended = new OperationRefused('ThreadEnded', 'the thread that owns the folder has ended')
      ended.cause = thrown
      resolve(fail(ended))
      for (const call of this.#waiting.keys()) this.#settle(call, fail(ended))
      if (this.#isOpen && this.#closing === undefined) onEnded(thrown)
    })
  }

  call(request: Call, progress: Waiting['progress'] = () => {}): Promise<Answer> {
    if (this.#ended)
      return Promise.resolve(fail(new OperationRefused('ThreadEnded', 'the folder is closed')))
    const call = this.#calls++
    return new Promise((resolve) => {
      this.#waiting.set(call, { resolve, progress })
      this.#worker.postMessage({ call, ...request })
    })
  }

  async close(): Promise<void> {
    this.#closing ??= this.call({ do: 'close' })
    await this.#closing
  }

  #settle(call: number, answer: Answer): void {
    this.#waiting.get(call)?.resolve(answer)
    this.#waiting.delete(call)
  }
}

function received({ name, message }: SentError): OperationRefused {
  return new OperationRefused(name, message)
}
