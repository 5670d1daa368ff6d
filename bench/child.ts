/**
 * Measured processes: started fresh, asked over a side channel, ended.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Usage } from './servers/side-channel.ts'

/** A process that is ready. */
export interface Child<Ready> {
  readonly pid: number
  readonly ready: Ready
  ask<T>(question: string, value?: unknown): Promise<T>
  usage(): Promise<Usage>
  stop(): Promise<void>
}

/** Folder for CPU profiles of servers; none are written without it. */
const profiles = process.env['TURNPIKE_BENCH_PROFILES']

/**
 * Starts `script` (a path from this folder) and waits until it is ready.
 *
 * @throws when it ends before
 */
export async function startChild<Ready>(
  script: string,
  args: readonly string[],
): Promise<Child<Ready>> {
  const profiled = profiles !== undefined && script.startsWith('servers/turnpike')
  const child = fork(join(import.meta.dirname, script), args, {
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      ...(profiled ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []),
    ],
    serialization: 'advanced',
    // Starting Turnpike takes 1 s of CPU without, most of it for stripping types.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'turnpike-bench-cache') },
  })
  const waiting = new Map<number, (answer: unknown) => void>()
  let last = 0
  const exited = once(child, 'exit')
  const ready = new Promise<Ready>((resolve) => {
    child.on('message', (message: { ready?: Ready; id: number; answer: unknown }) => {
      if (message.ready !== undefined) return resolve(message.ready)
      waiting.get(message.id)?.(message.answer)
      waiting.delete(message.id)
    })
  })
  const ended = exited.then(([code]): never => {
    throw new Error(`${script} expected to run, ended with ${code}`)
  })
  ended.catch(() => {})
  const ask = <T>(question: string, value?: unknown): Promise<T> => {
    const id = ++last
    const answer = new Promise<T>((resolve) => waiting.set(id, resolve as (a: unknown) => void))
    child.send({ id, ask: question, value })
    return Promise.race([answer, ended])
  }
  return {
    pid: child.pid!,
    ready: await Promise.race([ready, ended]),
    ask,
    usage: () => ask<Usage>('usage'),
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
