/**
 * One process that serves: its journal, the gateway, and a port.
 * @module
 */
import type { Observer } from '@turnpike/gateway/observer'
import { ok, type Result } from '@turnpike/core/result'
import type { Settings } from '../config/settings.ts'
import { startHttpServer, type HttpServer } from '../http/server.ts'
import type { Whoami } from '../owner/operations.ts'
import { ownHosts } from './own-hosts.ts'
import type { Quotas } from '@turnpike/gateway/quota/gate'
import type { RateLimiters } from './rate-limits.ts'
import { openReadSide, type ReadSide } from './read-side.ts'

/** What a process needs to serve. */
export interface ServeOptions {
  readonly settings: Settings
  readonly whoami: Whoami
  /** Names the process's journal. */
  readonly slot: string
  readonly observer: Observer
  /** How often addresses and identities may come. */
  readonly limiters: RateLimiters
  /** Quotas of customers; none where no plan can refuse a read. */
  readonly quotas: Quotas | undefined
  /** The port is shared with other workers. */
  readonly reusePort: boolean
  /** Something that can't be mended while running: the process is to close and exit. */
  readonly onFailure: (error: Error) => void
}

/** Answers under way, connections, and journals that are full, now. */
export interface ServingCounts {
  readonly inFlight: number
  readonly connections: number
  /** Processes whose journal has no room: they refuse all reads. */
  readonly withoutRoom: number
}

/** A process that serves. */
export interface ServingProcess {
  readonly url: string
  counts(): ServingCounts
  /** Makes the entries of all reads that have ended durable. */
  flush(): Promise<void>
  /** Finishes what is in flight within `graceMs`, and leaves the journal clean. */
  close(graceMs: number): Promise<void>
}

/**
 * Opens the folder to read, the slot's journal and the port.
 *
 * @throws {PortTaken} when no port could be had
 */
export async function serveProcess(options: ServeOptions): Promise<Result<ServingProcess, Error>> {
  const { settings, observer, onFailure } = options
  const opened = await openReadSide({ ...options, onJournalFailure: onFailure })
  if (opened.error) return opened
  const { gateway, limits, journal, flush } = opened.ok
  const { reusePort } = options
  const hosts = ownHosts(settings)
  try {
    const server = await startHttpServer({
      ...settings,
      hosts,
      gateway,
      limits,
      observer,
      reusePort,
    })
    return ok({
      url: server.url,
      counts() {
        const { inFlight, connections } = server.stats()
        return { inFlight, connections, withoutRoom: journal.hasRoom ? 0 : 1 }
      },
      flush,
      close: (graceMs) => closeInOrder(server, opened.ok, graceMs),
    })
  } catch (error) {
    await opened.ok.close()
    throw error
  }
}

/** Answers end before their journal does. */
async function closeInOrder(server: HttpServer, side: ReadSide, graceMs: number): Promise<void> {
  await server.close({ graceMs })
  await side.close()
}
