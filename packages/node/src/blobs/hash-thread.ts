/**
 * Streaming sha2-256 on a thread of its own, fed with shared buffers.
 *
 * One thread for a store: with block hashing on the main thread that makes two busy cores, and
 * what `add` is measured by is two hashes a byte on two cores.
 * @module
 */
import { Worker } from 'node:worker_threads'
import type { HashReply, HashRequest } from './hash-worker.ts'

/** One blob's hash. Slots are hashed in the order of `update`. */
export interface HashJob {
  /** Hashes `length` bytes of shared memory, which must stay as they are until this resolves. */
  update(slot: Uint8Array, length: number): Promise<void>
  /** The digest of everything. Ends the job. */
  digest(): Promise<Uint8Array>
  /** Ends the job without a digest. Idempotent, and allowed after `digest`. */
  drop(): void
}

type Waiter = {
  readonly resolve: (digest: Uint8Array | undefined) => void
  readonly reject: (error: Error) => void
}

/** A thread with the replies that each of its jobs waits for. */
type Running = { readonly worker: Worker; readonly waiting: Map<number, Waiter[]> }

/** The thread, started at its first job and asleep between jobs (it keeps no process alive). */
export class HashThread {
  #running: Running | undefined
  #jobs = 0

  /** Begins hashing a blob. End it with `digest` or `drop`. */
  begin(): HashJob {
    const running = (this.#running ??= this.#start())
    const { worker, waiting } = running
    const job = this.#jobs++
    const waiters: Waiter[] = []
    let open = true
    waiting.set(job, waiters)
    worker.ref()
    const ask = (request: HashRequest): Promise<Uint8Array | undefined> => {
      if (!open) return Promise.reject(new TypeError('hash job expected to be open, got ended'))
      if (this.#running !== running) return Promise.reject(new Error('hash thread has ended'))
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject })
        worker.postMessage(request)
      })
    }
    const end = (): void => {
      open = false
      waiting.delete(job)
      if (waiting.size === 0) worker.unref()
    }
    return {
      update: async (slot, length) => void (await ask({ job, slot: slot.subarray(0, length) })),
      digest: async () => {
        try {
          return (await ask({ job, end: 'digest' }))!
        } finally {
          end()
        }
      },
      drop: () => {
        if (!open) return
        worker.postMessage({ job, end: 'drop' } satisfies HashRequest)
        end()
        for (const waiter of waiters) waiter.reject(new Error('hash job was dropped'))
      },
    }
  }

  /** Ends the thread; jobs under way fail. */
  async close(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.worker.terminate()
  }

  #start(): Running {
    // The file is TypeScript in the repository and JavaScript when published.
    const file = import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js'
    // No flags of this process: some, such as --input-type, are none that a thread takes.
    const worker = new Worker(new URL(file, import.meta.url), { execArgv: [] })
    const waiting = new Map<number, Waiter[]>()
    worker.on('message', ({ job, digest }: HashReply) => waiting.get(job)?.shift()?.resolve(digest))
    const failAll = (error: Error): void => {
      if (this.#running?.worker === worker) this.#running = undefined
      for (const waiters of waiting.values())
        for (const waiter of waiters.splice(0)) waiter.reject(error)
    }
    worker.on('error', failAll)
    worker.on('exit', (code) => failAll(new Error(`hash thread ended with code ${code}`)))
    return { worker, waiting }
  }
}
