/**
 * The job that leads epochs from their SEALs to their credits.
 * @module
 */
import { EpochKeeper, type KeeperStep } from '@turnpike/accounting/epochs/keeper'
import { EPOCHS_EVERY_MS, EPOCHS_RETRY_MS_MAX } from '@turnpike/core/limits/receipts'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { openAnchors } from '../anchors/open.ts'
import { SqliteCreditIssuer } from '../credits/issuer.ts'
import { nodeVerifier } from '../names/verifier.ts'

/**
 * Lets the keeper of epochs take its steps. It fails while an anchor can't be reached, which is an
 * alert, and goes on with all that needs no such anchor.
 *
 * @example
 * const jobs = [epochsJob(parts)]
 */
export function epochsJob(parts: AccountingParts): Job {
  const { settings, host, log, signer, hasher, clock, billing, epochs, epochFiles } = parts
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  const keeper = new EpochKeeper({
    store: epochs,
    files: epochFiles,
    anchors: openAnchors({ ...parts, signal: stopping.signal }),
    every: settings.anchorEvery,
    credits: new SqliteCreditIssuer(billing),
    log,
    signer,
    verifier: nodeVerifier,
    hasher,
    clock,
  })
  return {
    name: 'epochs',
    everyMs: EPOCHS_EVERY_MS,
    retryMsMax: EPOCHS_RETRY_MS_MAX,
    async run(signal) {
      signal.addEventListener('abort', stop, { once: true })
      await leadOn(async () => {
        const state = await host.settled(async (committed) => committed)
        if (state.error !== undefined) throw state.error
        const { ok: step, error } = await keeper.step(state.ok)
        if (error !== undefined) throw error
        return step
      }, signal)
    },
  }
}

/**
 * Takes steps while there is more to do at once.
 *
 * @throws the fault of an anchor that could not be reached in the last of them
 * @example
 * await leadOn(takeStep, signal)
 */
export async function leadOn(
  take: () => Promise<Pick<KeeperStep, 'more' | 'unavailable'>>,
  signal: AbortSignal,
): Promise<void> {
  for (let more = true; more && !signal.aborted;) {
    const step = await take()
    const [first] = step.unavailable
    if (first !== undefined && !step.more) throw first.fault
    more = step.more
  }
}
