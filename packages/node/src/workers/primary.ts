/**
 * Starts worker processes, keeps them running, stops them.
 *
 * Workers listen by themselves on one port (`reusePort`), so that the kernel spreads connections
 * and the primary stays out of their way. Measured with 32 clients on two cores, requests per
 * CPU-second of all processes, one connection a request: 11,300 this way, 4,200 when the primary
 * hands each connection to a worker; with one shared listening socket one worker got 87 % of kept
 * connections.
 * @module
 */
import cluster, { type Worker } from 'node:cluster'
import {
  STOP_GRACE_MS,
  STOP_SETTLE_MS,
  WORKER_ANSWER_MS,
  WORKER_CRASHES_MAX,
  WORKER_PAUSE_MS_MAX,
  WORKER_PAUSE_MS_MIN,
  WORKER_SETTLED_MS,
  WORKERS_MAX,
} from '@turnpike/core/limits'
import { type FromWorker, SLOT_VARIABLE, type ToWorker } from './messages.ts'

/** Systems where several processes can listen on one port, the kernel spreading connections. */
const REUSE_PORT_PLATFORMS = new Set<NodeJS.Platform>(['linux', 'freebsd', 'sunos', 'aix'])

/**
 * Whether workers should listen with `reusePort`. Elsewhere Node's cluster passes them connections.
 * A primary must find a free port first (`freePort`): two programs may share one port unseen.
 */
export const REUSES_PORT: boolean = REUSE_PORT_PLATFORMS.has(process.platform)

/** How a worker ended that should not have. */
export interface WorkerCrash {
  readonly slot: number
  readonly code: number | null
  readonly signal: string | null
  /** Pause before it is started again. */
  readonly pauseMs: number
}

/** A worker crashed too often, too soon; all were stopped. */
export class WorkerGivenUp extends Error {
  override readonly name = 'WorkerGivenUp'
  readonly slot: number
  constructor(slot: number) {
    super(
      `Worker ${slot} ended ${WORKER_CRASHES_MAX} times in a row, each time within ` +
        `${WORKER_SETTLED_MS} ms of its start; its log says why.`,
    )
    this.slot = slot
  }
}

/** What to run. */
export interface WorkersOptions {
  /** 1 to `WORKERS_MAX`. */
  readonly count: number
  /** Path of the module that each worker runs; it calls `joinPrimary` when it serves. */
  readonly entry: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Hears of each crash. */
  readonly onCrash?: (crash: WorkerCrash) => void
  /**
   * Answers questions of workers with values that survive JSON, or promises of some. Must neither
   * throw nor reject. What a worker asked that has ended meanwhile is not heard.
   */
  readonly answer?: (question: unknown, slot: number) => unknown
  /** Hears that a worker serves, each time that one was started in the slot. */
  readonly onReady?: (slot: number) => void
  /** Pause before the first restart. */
  readonly pauseMsMin?: number
}

/** A worker's answer to a question. */
export interface WorkerAnswer<T> {
  readonly slot: number
  readonly value: T
}

/** Workers that run. */
export interface Workers {
  /** How many serve now. */
  count(): number
  /** Asks all that serve; those that don't answer within `WORKER_ANSWER_MS` are missing. */
  ask<T>(question: string): Promise<WorkerAnswer<T>[]>
  /** Stops all, gracefully for `graceMs`, then by force. Resolves when the last has exited. */
  stop(options?: { readonly graceMs?: number }): Promise<void>
  /** Resolves when all have ended: to an error if one was given up. */
  readonly ended: Promise<WorkerGivenUp | undefined>
}

interface Slot {
  worker: Worker | undefined
  ready: boolean
  startedMs: number
  crashes: number
  restart: NodeJS.Timeout | undefined
}

class WorkerPool implements Workers {
  readonly ended: Promise<WorkerGivenUp | undefined>
  readonly ready: Promise<void>
  readonly #options: WorkersOptions
  readonly #slots: Slot[]
  readonly #asked = new Map<number, (slot: number, value: unknown) => void>()
  #questions = 0
  #stopping = false
  #givenUp: WorkerGivenUp | undefined
  #onReady!: () => void
  #onEnded!: (error: WorkerGivenUp | undefined) => void

  constructor(options: WorkersOptions) {
    this.#options = options
    this.ready = new Promise((resolve) => (this.#onReady = resolve))
    this.ended = new Promise((resolve) => (this.#onEnded = resolve))
    cluster.setupPrimary({ exec: options.entry, args: [...(options.args ?? [])] })
    this.#slots = Array.from({ length: options.count }, () => ({
      worker: undefined,
      ready: false,
      startedMs: 0,
      crashes: 0,
      restart: undefined,
    }))
    for (const slot of this.#slots.keys()) this.#start(slot)
  }

  count(): number {
    return this.#slots.filter(isServing).length
  }

  ask<T>(question: string): Promise<WorkerAnswer<T>[]> {
    const id = ++this.#questions
    const asked = this.#slots.filter(isServing)
    const answers: WorkerAnswer<T>[] = []
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#asked.delete(id)
        resolve(answers.toSorted((a, b) => a.slot - b.slot))
      }
      const timer = setTimeout(done, WORKER_ANSWER_MS)
      this.#asked.set(id, (slot, value) => {
        answers.push({ slot, value: value as T })
        if (answers.length === asked.length) done()
      })
      if (asked.length === 0) done()
      for (const { worker } of asked) tell(worker!, { kind: 'ask', id, question })
    })
  }

  async stop({ graceMs = STOP_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping = true
    for (const { worker, ready, restart } of this.#slots) {
      clearTimeout(restart)
      if (worker === undefined) continue
      // One that doesn't serve yet has nothing in flight, and would not hear.
      if (ready) tell(worker, { kind: 'stop', graceMs })
      else worker.process.kill('SIGKILL')
    }
    const force = setTimeout(
      () => {
        for (const { worker } of this.#slots) worker?.process.kill('SIGKILL')
      },
      graceMs + 2 * STOP_SETTLE_MS,
    )
    this.#checkEnded()
    await this.ended
    clearTimeout(force)
  }

  #start(index: number): void {
    const slot = this.#slots[index]!
    const env = { ...this.#options.env, [SLOT_VARIABLE]: String(index) }
    const worker = cluster.fork(env)
    Object.assign(slot, { worker, ready: false, startedMs: performance.now() })
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        slot.ready = true
        this.#options.onReady?.(index)
        if (this.#slots.every(({ ready }) => ready)) this.#onReady()
      } else if (message.kind === 'answer') this.#asked.get(message.id)?.(index, message.value)
      else if (slot.worker === worker) void this.#answer(worker, index, message)
    })
    worker.on('error', () => {})
    worker.on('exit', (code, signal) => this.#onExit(index, code, signal))
  }

  async #answer(
    worker: Worker,
    slot: number,
    { id, question }: Extract<FromWorker, { kind: 'question' }>,
  ): Promise<void> {
    const value = await this.#options.answer?.(question, slot)
    tell(worker, { kind: 'told', id, value })
  }

  #onExit(index: number, code: number | null, signal: string | null): void {
    const slot = this.#slots[index]!
    Object.assign(slot, { worker: undefined, ready: false })
    if (this.#stopping) return this.#checkEnded()
    if (performance.now() - slot.startedMs >= WORKER_SETTLED_MS) slot.crashes = 0
    slot.crashes += 1
    if (slot.crashes === WORKER_CRASHES_MAX) {
      this.#givenUp = new WorkerGivenUp(index)
      void this.stop()
      return
    }
    const first = this.#options.pauseMsMin ?? WORKER_PAUSE_MS_MIN
    const pauseMs = Math.min(first * 2 ** (slot.crashes - 1), WORKER_PAUSE_MS_MAX)
    this.#options.onCrash?.({ slot: index, code, signal, pauseMs })
    slot.restart = setTimeout(() => this.#start(index), pauseMs)
  }

  #checkEnded(): void {
    if (this.#slots.every(({ worker }) => worker === undefined)) this.#onEnded(this.#givenUp)
  }
}

function isServing({ worker, ready }: Slot): boolean {
  return ready && worker!.isConnected()
}

function tell(worker: Worker, message: ToWorker): void {
  // Fails only when the worker is gone, which `exit` tells, too.
  if (worker.isConnected()) worker.send(message, () => {})
}

/**
 * Starts workers; resolves when each has called `joinPrimary`. A process has at most one set of
 * workers. Crashed ones are started again after a pause that doubles.
 *
 * @throws {RangeError} when `count` is out of bounds
 * @throws {WorkerGivenUp} when one can't be started
 * @example
 * const workers = await runWorkers({ count: 2, entry: 'serve-worker.ts' })
 * await workers.stop()
 */
export async function runWorkers(options: WorkersOptions): Promise<Workers> {
  const { count } = options
  if (!Number.isInteger(count) || count < 1 || count > WORKERS_MAX) {
    throw new RangeError(`"count" expected 1 to ${WORKERS_MAX}, got ${count}`)
  }
  const pool = new WorkerPool(options)
  const failed = await Promise.race([pool.ready, pool.ended])
  if (failed instanceof WorkerGivenUp) throw failed
  return pool
}
