/**
 * The side of the control socket that commands are on.
 * @module
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CONTROL_ANSWER_BYTES_MAX,
  CONTROL_CONNECT_TIMEOUT_MS,
  CONTROL_RETRY_MS,
  CONTROL_RETRY_MS_MAX,
} from '@turnpike/core/limits'
import { fail, ok, type Result } from '@turnpike/core/result'
import { findControlAddress } from './address.ts'
import { readLines, writeLine, type ControlMessage } from './lines.ts'
import type { Operations } from './server.ts'

/** No process that owns the folder is listening. */
export class NobodyThere extends Error {
  override readonly name = 'NobodyThere'
  constructor(dataDir: string) {
    super(`no running turnpike owns ${dataDir}`)
  }
}

/** The owner could not be talked to, or went away before it answered. */
export class ControlLost extends Error {
  override readonly name = 'ControlLost'
}

/** The owner refused or failed: `name` is the name of its error. */
export class OperationRefused extends Error {
  override readonly name: string
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** How a call is watched and stopped. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (event: unknown) => void
}

/** What an operation answered, or why it did not. */
export type CallResult = Result<NonNullable<unknown>, Error>

/**
 * Calls an operation of the process that owns the folder. Aborting the signal aborts it there.
 *
 * @returns the operation's answer, its error as {@link OperationRefused}, {@link NobodyThere} or
 *   {@link ControlLost}
 * @example
 * const usage = await callOwner('./data', 'usage', { by: 'day' })
 */
export function callOwner(
  dataDir: string,
  method: string,
  params: unknown,
  { signal, onProgress }: CallOptions = {},
): Promise<CallResult> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(fail(new ControlLost('the call was aborted')))
    const address = findControlAddress(dataDir)
    if (address === undefined) return resolve(fail(new NobodyThere(dataDir)))
    const socket = connect(address)
    const timer = setTimeout(() => lose('did not answer in time'), CONTROL_CONNECT_TIMEOUT_MS)
    const settle = (result: CallResult): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }
    const lose = (how: string): void =>
      settle(fail(new ControlLost(`the turnpike that owns ${dataDir} ${how}`)))
    const abort = (): void => settle(fail(new ControlLost('the call was aborted')))
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => {
      clearTimeout(timer)
      writeLine(socket, { method, params })
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      const absent = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR'
      if (absent) settle(fail(new NobodyThere(dataDir)))
      else lose(`could not be reached (${code})`)
    })
    socket.once('close', () => lose('went away before it answered'))
    const onLine = (line: string): void => {
      const message = parseMessage(line)
      if (message === undefined) lose('answered with something else than JSON')
      else if ('progress' in message) onProgress?.(message.progress)
      else settle(outcome(message))
    }
    readLines(socket, CONTROL_ANSWER_BYTES_MAX, onLine, () => lose('answered with too much'))
  })
}

function parseMessage(line: string): ControlMessage | undefined {
  try {
    const value = JSON.parse(line) as ControlMessage | null
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function outcome(message: Exclude<ControlMessage, { progress: unknown }>): CallResult {
  if ('error' in message)
    return fail(new OperationRefused(message.error.name, message.error.message))
  return ok(message.ok ?? {})
}

/** Operations of a folder that this process owns for as long as it needs to. */
export interface OwnedOperations {
  readonly operations: Operations
  close(): Promise<void>
}

/** Opens a folder as its owner; the error's name is `FolderInUse` while another process owns it. */
export type OpenOperations = () => Promise<Result<OwnedOperations, Error>>

/**
 * Calls an operation of the folder's owner, or becomes the owner for this one call when nobody is.
 * While an owner is starting or stopping it tries both ways again, for a few seconds.
 *
 * @throws what the operation throws, when it runs here
 * @example
 * const removed = await callOrOpen('./data', openHere, 'rm', { cid })
 */
export async function callOrOpen(
  dataDir: string,
  open: OpenOperations,
  method: string,
  params: unknown,
  options: CallOptions = {},
): Promise<CallResult> {
  for (let waitedMs = 0; ; waitedMs += CONTROL_RETRY_MS) {
    const called = await callOwner(dataDir, method, params, options)
    if (called.error?.name !== 'NobodyThere') return called
    const opened = await open()
    if (opened.ok) return callHere(opened.ok, method, params, options)
    if (opened.error.name !== 'FolderInUse' || waitedMs >= CONTROL_RETRY_MS_MAX) return opened
    await sleep(CONTROL_RETRY_MS)
  }
}

async function callHere(
  owned: OwnedOperations,
  method: string,
  params: unknown,
  { signal, onProgress }: CallOptions,
): Promise<CallResult> {
  try {
    const operation = owned.operations[method]
    if (operation === undefined)
      throw new RangeError(`"method" expected an operation, got ${method}`)
    return await operation(params, {
      signal: signal ?? new AbortController().signal,
      progress: onProgress ?? (() => {}),
    })
  } finally {
    await owned.close()
  }
}
