/**
 * The command line as its users have it: `turnpike …` in processes of its own.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

const BIN = resolve(import.meta.dirname, '../../../packages/cli/bin/turnpike.mjs')

const running = new Set<ChildProcess>()

/** A command that has ended. */
export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** The last line of stdout, when it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
}

/** Starts a command, without settings from this process's environment. */
export function launch(words: readonly string[]): Running {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TURNPIKE_') && name !== 'NODE_TEST_CONTEXT',
  )
  const child = spawn(process.execPath, [BIN, ...words], {
    env: Object.fromEntries(clean),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const said = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const ended = once(child, 'close').then(([code, signal]): Ran => {
    running.delete(child)
    return { code, signal, ...said, json: lastJson(said.stdout) }
  })
  return { child, ended }
}

/**
 * Runs a command to its end.
 *
 * @example
 * const { json } = await turnpike('add', './site', '--data', data, '--json')
 */
export function turnpike(...words: readonly string[]): Promise<Ran> {
  return launch(words).ended
}

/**
 * Runs a command with `--json`, which must succeed.
 *
 * @throws {Error} with what it said, when it fails
 */
export async function turnpikeJson(...words: readonly string[]): Promise<Ran['json']> {
  const ran = await turnpike(...words, '--json')
  if (ran.code === 0) return ran.json
  throw new Error(`turnpike ${words.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
}

/** Adds files and folders, each a root of its own; their paths on a gateway, in the same order. */
export async function addEach(data: string, paths: readonly string[]): Promise<string[]> {
  const { roots } = await turnpikeJson('add', ...paths, '--data', data)
  return (roots as readonly { readonly cid: string }[]).map(({ cid }) => `/ipfs/${cid}`)
}

function lastJson(stdout: string): Ran['json'] {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Ran['json']
  } catch {
    return {}
  }
}

/** A server that listens. */
export interface Server extends Running {
  readonly port: number
  readonly pid: number
  readonly adminUrl: string
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ran>
}

/**
 * Starts `turnpike serve` on a free port and waits until it serves.
 *
 * @throws {Error} with what it said, when it ends before
 */
export async function serve(data: string, ...flags: readonly string[]): Promise<Server> {
  const ports = ['--port', '0', '--admin-port', '0', '--log-level', 'warn']
  const command = launch(['serve', '--data', data, '--json', ...ports, ...flags])
  const { child, ended } = command
  const refused = ended.then(({ code, stderr }): never => {
    throw new Error(`turnpike serve ended with ${code}: ${stderr}`)
  })
  // Where it failed, its line tells an error instead.
  const line = await Promise.race([once(child.stdout!, 'data').then(String), refused])
  const { url, adminUrl } = JSON.parse(line) as { url?: string; adminUrl: string }
  if (url === undefined) return refused
  refused.catch(() => {})
  return {
    ...command,
    adminUrl,
    port: Number(new URL(url).port),
    pid: child.pid!,
    stop(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** Kills what still runs of all that was started here. */
export async function endProcesses(): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => (child.exitCode === null ? once(child, 'close') : null)))
}
