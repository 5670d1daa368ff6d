/**
 * The side of the control socket that owns the data folder: runs operations for commands.
 * @module
 */
import { chmodSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import {
  CONTROL_CLIENTS_MAX,
  CONTROL_PROGRESS_MS,
  CONTROL_REQUEST_BYTES_MAX,
  CONTROL_REQUEST_TIMEOUT_MS,
} from '@turnpike/core/limits'
import type { Result } from '@turnpike/core/result'
import { makeControlAddress } from './address.ts'
import { readLines, writeLine, type ControlRequest } from './lines.ts'

/** What an operation gets from its caller, near or far. */
export interface Call {
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal
  /** Reports how far it is, with a value for JSON; as often as it likes. */
  progress(event: unknown): void
}

/** Something that the owner of a data folder does for commands. Its answer is a value for JSON. */
export type Operation = (
  params: unknown,
  call: Call,
) => Promise<Result<NonNullable<unknown>, Error>>

/** Operations by the name of their method. */
export type Operations = Readonly<Record<string, Operation>>

/** A listening control socket. */
export interface ControlServer {
  readonly path: string
  /** Takes no more calls, aborts those that run, and resolves when they have ended. */
  close(): Promise<void>
}

/**
 * Listens for commands. Only the owner of the folder may call this. The socket is its user's alone.
 *
 * What an operation throws is told to `onCrash`; its caller hears of it without details.
 *
 * @example
 * const control = await startControl('./data', { ping: async () => ok({ pong: true }) }, log.error)
 */
export async function startControl(
  dataDir: string,
  operations: Operations,
  onCrash: (error: unknown) => void,
): Promise<ControlServer> {
  const address = makeControlAddress(dataDir)
  const running = new Set<Promise<void>>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const ended = serveClient(socket, operations, onCrash).finally(() => running.delete(ended))
    running.add(ended)
  })
  server.maxConnections = CONTROL_CLIENTS_MAX
  await listen(server, address.path)
  return {
    path: address.path,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await Promise.all([...running, closed])
      address.remove()
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  // The mode of a new socket follows the umask; between bind and chmod nobody else may connect.
  const umask = process.umask(0o177)
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      if (process.platform !== 'win32') chmodSync(path, 0o600)
      resolve()
    })
    // `listen` on a path binds before it returns.
    process.umask(umask)
  })
}

/** Serves the one request of a connection. Resolves when its operation has ended. */
async function serveClient(
  socket: Socket,
  operations: Operations,
  onCrash: (error: unknown) => void,
): Promise<void> {
  const gone = new AbortController()
  socket.on('error', () => socket.destroy())
  socket.once('close', () => gone.abort(new Error('the caller left')))
  const line = await firstLine(socket)
  if (line === undefined) return void socket.destroy()
  const request = parseRequest(line)
  const operation =
    request !== undefined && Object.hasOwn(operations, request.method)
      ? operations[request.method]
      : undefined
  if (request === undefined || operation === undefined) {
    const methods = Object.keys(operations).join(', ')
    const message = `expected a request with one of the methods ${methods}`
    return finish(socket, { error: { name: 'ControlRefused', message } })
  }
  try {
    const progress = throttled(socket)
    const result = await operation(request.params, { signal: gone.signal, progress })
    if (result.error) {
      const { name, message } = result.error
      finish(socket, { error: { name, message } })
    } else finish(socket, { ok: result.ok })
  } catch (error) {
    if (!gone.signal.aborted) onCrash(error)
    const message = 'the operation failed unexpectedly; the log of the server has more'
    finish(socket, { error: { name: 'ControlCrashed', message } })
  }
}

/** The request's line, or undefined when it is too long, too late, or never comes. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CONTROL_REQUEST_TIMEOUT_MS, undefined)
    const settle = (line: string | undefined): void => {
      clearTimeout(timer)
      resolve(line)
    }
    socket.once('close', () => settle(undefined))
    readLines(socket, CONTROL_REQUEST_BYTES_MAX, settle, () => settle(undefined))
  })
}

function parseRequest(line: string): ControlRequest | undefined {
  try {
    const value = JSON.parse(line) as { method?: unknown; params?: unknown } | null
    if (typeof value?.method !== 'string') return undefined
    return { method: value.method, params: value.params }
  } catch {
    return undefined
  }
}

/** Sends progress now and then; what comes faster, or to a slow reader, is dropped. */
function throttled(socket: Socket): Call['progress'] {
  let sentMs = -Infinity
  return (event) => {
    const nowMs = performance.now()
    if (nowMs - sentMs < CONTROL_PROGRESS_MS || socket.writableLength > 0) return
    sentMs = nowMs
    if (socket.writable) writeLine(socket, { progress: event })
  }
}

function finish(socket: Socket, message: Parameters<typeof writeLine>[1]): void {
  if (!socket.writable) return
  writeLine(socket, message)
  socket.end()
}
