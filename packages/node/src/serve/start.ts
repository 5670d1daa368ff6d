/**
 * A running deployment: the owner of its data folder, accounting, and the gateway on a port. Reads
 * from top to bottom like the picture of the house.
 * @module
 */
import { MessageChannel } from 'node:worker_threads'
import type { Observer } from '@turnpike/gateway/observer'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { AccountingHost } from '../accounting/open.ts'
import { UNFLUSHED } from '../accounting/operations.ts'
import { startAccounting } from '../accounting/thread.ts'
import type { Settings } from '../config/settings.ts'
import { watchDenylists, type DenyWatch } from '../deny/watch.ts'
import { startControl, type Operation, type Operations } from '../control/server.ts'
import { Renewing } from '../names/renew.ts'
import { frontDoorSettings } from '../front-door/settings.ts'
import { startOwner, type OwnerThread } from '../owner/thread.ts'
import type { Whoami } from '../owner/operations.ts'
import type { WorkerCrash } from '../workers/primary.ts'
import type { TallySnapshot } from '../metrics/tally.ts'
import { keepQuotas } from '../quota/serve.ts'
import { serve, slotsOf, type Serving } from './serving.ts'

/** What starting takes. */
export interface StartOptions {
  readonly settings: Settings
  /** Hears of what this process serves. */
  readonly observer: Observer
  /** What the observer counted. */
  snapshot(): TallySnapshot
  /** A worker ended that should not have; it is started again. */
  readonly onCrash: (crash: WorkerCrash) => void
  /** Something that can't be mended while running: the process is to close and exit. */
  readonly onFailure: (error: Error) => void
  /** Accounting falls behind, or is well again: to be told, nothing else. */
  readonly onStanding: (fault: Error | undefined) => void
  /** A job of accounting begins to fail, or goes well again. */
  readonly onJob: (job: string, fault: Error | undefined) => void
  /** A denylist that the settings name can't be read, or can be again. */
  readonly onDenylist: (source: string, fault: Error | undefined) => void
}

/** What runs. */
export interface Turnpike {
  readonly url: string
  readonly whoami: Whoami
  readonly serving: Serving
  readonly accounting: AccountingHost
  readonly denylists: DenyWatch
  /** Operations that commands reach through the control socket. */
  readonly operations: Operations
  /** Finishes what is in flight within `graceMs`, records it, and gives everything back. */
  close(graceMs: number): Promise<void>
}

/**
 * Starts serving a data folder, and makes it if there is none.
 *
 * @example
 * const started = await startTurnpike(options)
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
  const { owner, accounting } = await startThreads(options, parts)
  const { whoami } = owner
  const onFault = (error: unknown): void => observer.crash(error)
  parts.add(new Renewing(owner.operations.nameRenew, onFault), (renewing) => renewing.stop())
  const { publicUrl } = settings
  const claiming = new Renewing(owner.operations.claimsIssue, onFault, { publicUrl })
  parts.add(claiming, (renewing) => renewing.stop())
  const running: { serving?: Serving } = {}
  const quotas = keepQuotas(settings, accounting, () => running.serving?.flush())
  parts.add(quotas, async (kept) => kept?.close())
  const serving = await serve({ ...options, whoami, onFailure, quotas })
  running.serving = serving
  let closing: Promise<void> | undefined
  const stopServing = (graceMs: number): Promise<void> => (closing ??= serving.close(graceMs))
  parts.add(serving, () => stopServing(0))
  const denylists = parts.add(
    watchDenylists({
      sources: settings.denylists,
      refreshMs: settings.denylistRefreshMs,
      allowHttp: settings.allowPrivateOrigins,
      importList: owner.operations.denyImport,
      onStanding: options.onDenylist,
    }),
    (started: DenyWatch) => started.close(),
  )
  const operations: Operations = {
    ...owner.operations,
    ...flushedFirst(accounting.operations, () => serving.flush()),
  }
  parts.add(await startControl(settings.data, operations, (error) => observer.crash(error)), (c) =>
    c.close(),
  )
  return {
    url: serving.url,
    whoami,
    serving,
    accounting,
    denylists,
    operations,
    async close(graceMs) {
      // Answers end and journals close before accounting takes the last of them.
      await stopServing(graceMs)
      await accounting.catchUp()
      await parts.close()
    },
  }
}

/** The threads that write: the folder's owner, and accounting, which the owner can ask. */
async function startThreads(
  { settings, onFailure, onStanding, onJob }: StartOptions,
  parts: Parts,
): Promise<{ readonly owner: OwnerThread; readonly accounting: AccountingHost }> {
  const { port1, port2 } = new MessageChannel()
  const owner = parts.add(
    need(
      await startOwner(
        settings.data,
        (cause) => onFailure(ended('owner', cause)),
        settings.frontDoor ? frontDoorSettings(settings) : undefined,
        port1,
      ),
    ),
    (started: OwnerThread) => started.close(),
  )
  const accounting = parts.add(
    need(
      await startAccounting({
        dataDir: settings.data,
        origin: logOrigin(owner.whoami),
        slotsInUse: slotsOf(settings.workers),
        onStanding,
        onJob,
        owner: port2,
        settings,
      }),
    ),
    (started: AccountingHost) => started.close(),
  )
  return { owner, accounting }
}

/** Operations on what was read so far: it is made durable before they run. */
function flushedFirst(operations: Operations, flush: () => Promise<unknown>): Operations {
  const entries = Object.entries(operations).map(([name, operation]): [string, Operation] => [
    name,
    async (params, call) => {
      if (!UNFLUSHED.has(name)) await flush()
      return operation(params, call)
    },
  ])
  return Object.fromEntries(entries)
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
