/**
 * For tests: the command line as its users have it, in processes of its own.
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'

/** The program. */
export const bin: string = resolve(import.meta.dirname, '../../bin/turnpike.mjs')

/** A command that has ended. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The last line of stdout, when it is JSON. */
  readonly json: Record<string, unknown>
}

/** A server that serves. */
export interface Running {
  readonly url: string
  readonly adminUrl: string
  /** CID that `start` serves. */
  readonly cid: string
  /** Sends a signal; the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts a command, with no settings from this process's environment. */
export function launch(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TURNPIKE_') && name !== 'IPFS_NS_MAP',
  )
  return spawn(process.execPath, [bin, ...words], { env: { ...Object.fromEntries(clean), ...env } })
}

/**
 * Runs a command to its end.
 *
 * @example
 * const { code, json } = await turnpike('add', './site', '--data', data, '--json')
 */
export async function turnpike(...words: readonly string[]): Promise<Ran> {
  const child = launch(words)
  const read = async (stream: NodeJS.ReadableStream): Promise<string> =>
    Buffer.concat((await (stream as NodeJS.ReadStream).toArray()) as Buffer[]).toString()
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([read(child.stdout!), read(child.stderr!)])
  const [code] = await ended
  return { code, stdout, stderr, json: lastJson(stdout) }
}

function lastJson(stdout: string): Record<string, unknown> {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
  } catch {
    return {}
  }
}

/** Path of a data folder that is not there yet, in a folder that goes with the test. */
export function newFolder(t: Pick<TestContext, 'after'>): string {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-cli-'))
  t.after(() => rmSync(root, { recursive: true }))
  return join(root, 'data')
}

/** Starts a server on free ports and waits for its line of JSON. */
export async function running(
  t: Pick<TestContext, 'after'>,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const child = launch([...words, '--json', '--port', '0', '--admin-port', '0'], env)
  const ended = once(child, 'close')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    const [code] = await ended
    return code
  }
  t.after(() => stop('SIGKILL'))
  const errors: Buffer[] = []
  child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk))
  const line = await Promise.race([
    once(child.stdout!, 'data').then(([chunk]) => String(chunk)),
    ended.then(() => assert.fail(Buffer.concat(errors).toString())),
  ])
  const { url, adminUrl, cid } = JSON.parse(line)
  return { url, adminUrl, cid, stop }
}
