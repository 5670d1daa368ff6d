/**
 * Processes that live the lives of the billing campaign: one is started before it is needed, since
 * a kill ends the one at work.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Life } from './script.ts'

/** How a life ended. */
export interface Ended {
  readonly killed: boolean
  /** Why it ended otherwise than it should have. */
  readonly error?: string | undefined
}

/** A process, and how it ends. */
interface Worker {
  readonly child: ChildProcess
  readonly gone: Promise<NodeJS.Signals | null>
}

/** Lives one after the other, in processes of its own. */
export class Lives {
  #worker: Worker | undefined
  #spare: Promise<Worker> | undefined
  readonly #cache: string

  /** `cache` is a folder for compiled sources, which processes share. */
  constructor(cache: string) {
    this.#cache = cache
  }

  async live(life: Life): Promise<Ended> {
    const { child, gone } = (this.#worker ??= await (this.#spare ?? start(this.#cache)))
    this.#spare ??= start(this.#cache)
    const listening = new AbortController()
    const told = once(child, 'message', { signal: listening.signal }).catch(() => [])
    child.send(life)
    const ended = await Promise.race([told, gone])
    listening.abort()
    if (Array.isArray(ended)) {
      const { error } = ended[0] as { readonly error?: string }
      return { killed: false, error }
    }
    this.#worker = await this.#spare
    this.#spare = undefined
    return ended === 'SIGKILL' ? { killed: true } : { killed: false, error: `ended: ${ended}` }
  }

  /** Ends the processes. */
  async end(): Promise<void> {
    for (const worker of [this.#worker, await this.#spare]) {
      worker?.child.kill('SIGKILL')
      await worker?.gone
    }
  }
}

async function start(cache: string): Promise<Worker> {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env
  const env = { ...rest, NODE_COMPILE_CACHE: cache }
  const child = fork(join(import.meta.dirname, 'life.ts'), { env, execArgv: [] })
  const gone = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null)
  const ended = gone.then((): never => {
    throw new Error('a process of the campaign expected to start, but it ended')
  })
  await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  return { child, gone }
}
