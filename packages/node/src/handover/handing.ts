/**
 * Accounting of a host that hands its journals on: they go to another host, where they are counted,
 * and nothing is asked for here.
 * @module
 */
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { DeliverDeps } from '@turnpike/accounting/handover/deliver'
import { HandOn } from '@turnpike/accounting/handover/hand-on'
import { resendRefused } from '@turnpike/accounting/handover/resend'
import { HAND_ON_LAG_MS_MAX, REFUSALS_LISTED_MAX } from '@turnpike/core/limits/inbox'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { AccountingStopped, isDiskFull, stoppedBy } from '../accounting/fault.ts'
import type { Job } from '../accounting/jobs.ts'
import type { Journals } from '../accounting/journals.ts'
import type { AccountingPaths, OpenedAccounting } from '../accounting/open.ts'
import type { HandTo } from '../config/handover.ts'
import type { Settings } from '../config/settings.ts'
import type { Operations } from '../control/server.ts'
import { nodeHasher } from '../hasher.ts'
import { beginningAt, loggedEntries, refuseUnsettled } from './floors.ts'
import type { HandoverAnswer } from './answer.ts'
import { type HandedFile, openHanded } from './handed.ts'
import { openHandoverKeys, type HandoverKeys } from './keys.ts'
import { sendBatches } from './send.ts'

/** How often it is looked whether something is wrong. */
const LOOK_MS = 10_000

/** What handing on is opened with. */
export interface HandingOptions {
  readonly dataDir: string
  readonly settings: Settings
  readonly handTo: HandTo
  /** Journals of the folder, recovered. */
  readonly journals: Journals
  /** How far each went; and the log, if there was one here before. */
  readonly paths: Pick<AccountingPaths, 'handed' | 'log'>
  readonly clock: Clock
  /** Operations that are refused here, by name. */
  readonly operations: readonly string[]
}

/**
 * Opens a folder's journals to hand them on.
 *
 * @throws {RangeError} when the settings don't go together
 * @throws {AccountingStopped} while another gateway may have some of the reads already
 */
export async function openHanding(options: HandingOptions): Promise<OpenedAccounting> {
  const { settings, handTo, journals, clock } = options
  if (settings.handFrom.length > 0)
    throw new RangeError('"handTo" expected no "handFrom" beside it: this host counts nothing')
  const send = sendBatches(handTo, { allowHttp: settings.allowPrivateOrigins })
  const keys = await openHandoverKeys(options.dataDir, settings)
  const handed = openHanded(options.paths.handed, () => clock.nowMs())
  try {
    const { audience } = handed
    if (audience !== undefined && audience !== handTo.did)
      await refuseUnsettled(await journals.sources(), handed, audience)
    handed.audience = handTo.did
    const logged = await loggedEntries(options.paths.log)
    const deps = {
      source: keys.dids[0],
      audience: handTo.did,
      send,
      signer: keys.signer,
      signatures: keys.signatures,
      hasher: nodeHasher,
      clock,
    }
    const handOn = new HandOn({
      ...deps,
      journals: async () => (await journals.sources()).map((source) => beginningAt(source, logged)),
      positions: handed,
    })
    return new HandingAccounting(options, { handOn, deps, handed, keys, journals })
  } catch (error) {
    handed.close()
    keys.close()
    throw error
  }
}

interface HandingParts {
  readonly handOn: HandOn
  readonly deps: DeliverDeps
  readonly handed: HandedFile
  readonly keys: HandoverKeys
  readonly journals: Journals
}

class HandingAccounting implements OpenedAccounting {
  readonly operations: Operations
  readonly jobs: readonly Job[]
  readonly #parts: HandingParts
  readonly #elsewhere: AccountingStopped
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()

  constructor({ handTo, operations }: HandingOptions, parts: HandingParts) {
    this.#parts = parts
    const message = `reads of this host are counted by ${handTo.did}: ask at ${handTo.url}`
    this.#elsewhere = new AccountingStopped('HandedOn', message)
    const refusal = async (): Promise<Result<never, AccountingStopped>> => fail(this.#elsewhere)
    this.operations = {
      ...Object.fromEntries(operations.map((name) => [name, refusal])),
      handover: async () => ok(this.#answer(handTo)),
      handoverRetry: () => this.#inTurn(() => this.#resend()),
    }
    this.jobs = [{ name: 'hand-on', everyMs: LOOK_MS, run: async () => this.#look(handTo) }]
  }

  catchUp(): Promise<Result<CaughtUp, AccountingStopped>> {
    return this.#inTurn(() => this.#catchUp())
  }

  async usage(): Promise<Result<never, AccountingStopped>> {
    return fail(this.#elsewhere)
  }

  async rebuild(): Promise<Result<never, AccountingStopped>> {
    return fail(this.#elsewhere)
  }

  async dropEntries(): Promise<Result<never, AccountingStopped>> {
    return fail(this.#elsewhere)
  }

  async confirmClock(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort(new Error('accounting closes'))
    await this.#last
    this.#parts.keys.close()
    this.#parts.handed.close()
  }

  async #catchUp(): Promise<Result<CaughtUp, AccountingStopped>> {
    const { handOn, journals } = this.#parts
    const { signal } = this.#closing
    try {
      const outcome = await handOn.catchUp(signal).catch(async (error: unknown) => {
        if (!isDiskFull(error)) throw error
        // Positions need some bytes before journal files can go.
        await journals.freeReserves()
        return handOn.catchUp(signal)
      })
      if (outcome.error !== undefined) return fail(stoppedBy(outcome.error))
      const { entries, more } = outcome.ok
      return ok({ entries, sealed: 0, size: 0, more })
    } catch (error) {
      return fail(stoppedBy(error))
    }
  }

  /** One after the other: what is refused while it is sent again is not sent twice. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }

  #resend(): ReturnType<typeof resendRefused> {
    const { handed, deps } = this.#parts
    return resendRefused(handed, deps, this.#closing.signal)
  }

  #answer(to: HandTo): HandoverAnswer {
    const { handOn, handed } = this.#parts
    const kept = handed.refused(REFUSALS_LISTED_MAX)
    const refusals = kept.map(({ journal, entry, reason, refusedMs }) => {
      return { journal, entry, reason, refusedAt: new Date(refusedMs).toISOString() }
    })
    return { to, from: [], lagMs: handOn.lagMs, refused: handed.refusedCount, refusals }
  }

  /** Fails while something is wrong that somebody should look at: it is logged, and a metric. */
  #look({ did }: HandTo): void {
    const { handOn, handed } = this.#parts
    const { refusedCount } = handed
    if (refusedCount > 0)
      throw new Error(`${did} refused ${refusedCount} groups of reads: they are in handed.sqlite`)
    const { lagMs } = handOn
    if (lagMs > HAND_ON_LAG_MS_MAX)
      throw new Error(`${did} has not taken what was read for ${Math.round(lagMs / 1000)} s`)
  }
}
