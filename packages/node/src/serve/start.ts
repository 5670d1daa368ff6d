/**
 * A running deployment in one process: the owner of its data folder, accounting, and the gateway on
 * a port. Reads from top to bottom like the picture of the house.
 * @module
 */
import type { Observer } from '@turnpike/gateway/observer'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { AccountingHost } from '../accounting/open.ts'
import { startAccounting } from '../accounting/thread.ts'
import type { Settings } from '../config/settings.ts'
import { startControl, type Operations } from '../control/server.ts'
import { startHttpServer, type HttpServer } from '../http/server.ts'
import { startOwner, type OwnerThread } from '../owner/thread.ts'
import type { Whoami } from '../owner/operations.ts'
import { usageOperation } from './usage-operation.ts'
import { openReadSide, type ReadSide } from './read-side.ts'

/** Slot of the journal of a process that serves alone. */
const SLOT = '0'

/** What starting takes. */
export interface StartOptions {
  readonly settings: Settings
  readonly observer: Observer
  /** Something that can't be mended while running: the process is to close and exit. */
  readonly onFailure: (error: Error) => void
  /** Accounting falls behind, or is well again: to be told, nothing else. */
  readonly onStanding: (fault: Error | undefined) => void
}

/** What runs. */
export interface Turnpike {
  readonly url: string
  readonly whoami: Whoami
  readonly server: HttpServer
  readonly accounting: AccountingHost
  readonly readSide: ReadSide
  /** Operations that commands reach through the control socket. */
  readonly operations: Operations
  /** Finishes what is in flight within `graceMs`, records it, and gives everything back. */
  close(graceMs: number): Promise<void>
}

/**
 * Starts serving a data folder, and makes it if there is none.
 *
 * @example
 * const started = await startTurnpike({ settings, observer, onFailure, onStanding })
 * if (started.ok) print(started.ok.url)
 */
export async function startTurnpike(options: StartOptions): Promise<Result<Turnpike, Error>> {
  const parts = new Parts()
  try {
    return ok(await startParts(options, parts))
  } catch (error) {
    await parts.close()
    return fail(error instanceof Error ? error : new Error(String(error)))
  }
}

async function startParts(options: StartOptions, parts: Parts): Promise<Turnpike> {
  const { settings, observer, onFailure } = options
  const owner = parts.add(
    need(await startOwner(settings.data, (cause) => onFailure(ended('owner', cause)))),
    (started: OwnerThread) => started.close(),
  )
  const { whoami } = owner
  const accounting = parts.add(
    need(
      await startAccounting({
        dataDir: settings.data,
        origin: logOrigin(whoami),
        slotsInUse: [SLOT],
        onStanding: options.onStanding,
      }),
    ),
    (started: AccountingHost) => started.close(),
  )
  const readSide = parts.add(
    need(
      await openReadSide({ settings, whoami, slot: SLOT, observer, onJournalFailure: onFailure }),
    ),
    (opened: ReadSide) => opened.close(),
  )
  const usage = usageOperation(accounting, () => readSide.journal.flush())
  const operations: Operations = { ...owner.operations, usage }
  parts.add(await startControl(settings.data, operations, (error) => observer.crash(error)), (c) =>
    c.close(),
  )
  const server = await startHttpServer({ ...settings, gateway: readSide.gateway, observer })
  return {
    url: server.url,
    whoami,
    server,
    accounting,
    readSide,
    operations,
    async close(graceMs) {
      // Answers end before the journal, the journal before accounting takes the last of it.
      await server.close({ graceMs })
      await readSide.journal.flush()
      await accounting.catchUp()
      await parts.close()
    },
  }
}

/** Name of the log, the first line of its checkpoints. */
export function logOrigin(whoami: Whoami): string {
  return `${whoami.gateway}/log`
}

/** What was started, to be closed in reverse order. */
class Parts {
  readonly #closers: (() => Promise<void>)[] = []

  add<T>(part: T, close: (part: T) => Promise<void>): T {
    this.#closers.push(() => close(part))
    return part
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop())
      await close()
  }
}

function need<T extends NonNullable<unknown>>(result: Result<T, Error>): T {
  if (result.error) throw result.error
  return result.ok
}

function ended(part: string, cause: unknown): Error {
  return new Error(`the ${part} thread has ended: restart turnpike`, { cause })
}
