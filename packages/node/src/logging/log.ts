/**
 * The structured log: JSON lines without tokens, queries or addresses of clients.
 * @module
 */
import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, pino, stdTimeFunctions, type Logger } from 'pino'
import type { LogLevel } from '../config/settings.ts'

/** Where to log, and how much. */
export interface LogOptions {
  readonly level: LogLevel
  /** A file to append to; stderr when there is none. */
  readonly file?: string | undefined
}

/** A log, and its end. */
export interface OpenLog {
  readonly log: Logger
  /** Resolves when every line is written. */
  close(): Promise<void>
}

const STDERR = 2

/**
 * Opens the log.
 *
 * @throws the file system's error, when the file can't be appended to
 * @example
 * const { log, close } = openLog({ level: 'info' })
 * log.info({ port: 8080 }, 'listening')
 */
export function openLog({ level, file }: LogOptions): OpenLog {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true })
  const fd = file === undefined ? STDERR : openSync(file, 'a', 0o640)
  const stream = destination({ fd, sync: false })
  const log = pino(
    {
      level,
      // The host's name is in no line: logs are shown to others more often than one thinks.
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    stream,
  )
  return {
    log,
    close: () =>
      new Promise((resolve) => {
        // A part that ends late and says so must not break what is over.
        log.level = 'silent'
        // Also after an error: nobody is left to be told.
        stream.once('close', resolve)
        stream.once('error', () => resolve())
        stream.end()
      }),
  }
}

const DEPTH_MAX = 4

/** What is logged of an error. */
export interface LoggedError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly cause?: LoggedError
}

/** An error for the log: its fields stay out, since they may carry content. */
export function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: 'Unknown', message: scrub(String(error)) }
  return {
    name: error.name,
    message: scrub(error.message),
    ...(error.stack !== undefined && { stack: scrub(error.stack) }),
    ...(error.cause !== undefined &&
      depth < DEPTH_MAX && { cause: describeError(error.cause, depth + 1) }),
  }
}

/**
 * Takes out what a message may quote and a log must not hold: queries of URLs, tokens, addresses.
 *
 * @example
 * scrub('GET https://a.example/x?authToken=s') // 'GET https://a.example/x?…'
 */
export function scrub(text: string): string {
  return text
    .replaceAll(/\?[^\s"'`<>)]+/g, '?…')
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …')
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '(address)')
    .replaceAll(/(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])/gi, '(address)')
}
