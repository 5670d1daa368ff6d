/**
 * Denylists that are read again and again: files and addresses that the settings name.
 * @module
 */
import { resolve } from 'node:path'
import type { Operation } from '../control/server.ts'
import { isAddress, shownSource } from './read-source.ts'

/** What is watched, and who hears of it. */
export interface WatchOptions {
  /** Files and addresses. */
  readonly sources: readonly string[]
  readonly refreshMs: number
  readonly allowHttp: boolean
  /** The owner's operation `denyImport`. */
  readonly importList: Operation
  /** A source could not be read, or can be again: what was read before holds all the time. */
  readonly onStanding: (source: string, fault: Error | undefined) => void
}

/** Sources that are watched. */
export interface DenyWatch {
  /** How many of them could not be read when they were last tried. */
  readonly failing: number
  /** Ends what is under way. */
  close(): Promise<void>
}

/** Who changes a list when its source has changed, as the log of changes names it. */
const BY = 'turnpike'

/**
 * Reads all sources now, and then every `refreshMs`, one after the other. Nothing waits for it: at
 * start, what was read last is in force until there is something newer.
 *
 * @example
 * const watch = watchDenylists(options)
 * await watch.close()
 */
export function watchDenylists(options: WatchOptions): DenyWatch {
  const { sources, refreshMs, onStanding } = options
  const stop = new AbortController()
  const failing = new Set<string>()
  const readAll = async (): Promise<void> => {
    for (const source of sources) {
      if (stop.signal.aborted) return
      const fault = await readOne(source, options, stop.signal)
      if (stop.signal.aborted) return
      if (fault !== undefined) failing.add(source)
      else if (!failing.delete(source)) continue
      onStanding(shownSource(source), fault)
    }
  }
  let idle = false
  const startReading = async (): Promise<void> => {
    idle = false
    await readAll()
    idle = true
  }
  let reading = startReading()
  const timer = setInterval(() => {
    if (idle) reading = startReading()
  }, refreshMs)
  timer.unref()
  return {
    get failing() {
      return failing.size
    },
    async close() {
      stop.abort()
      clearInterval(timer)
      await reading
    },
  }
}

async function readOne(
  source: string,
  { allowHttp, importList }: WatchOptions,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const from = isAddress(source) ? source : resolve(source)
  const params = { source: from, by: BY, allowHttp }
  const read = importList(params, { signal, progress() {} })
  const left = Promise.withResolvers<Error>()
  // The owner goes on with what it does; we no longer wait for it.
  const leave = (): void => left.resolve(new Error('stopped'))
  signal.addEventListener('abort', leave, { once: true })
  try {
    const done = await Promise.race([read, left.promise])
    return done instanceof Error ? done : done.error
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
