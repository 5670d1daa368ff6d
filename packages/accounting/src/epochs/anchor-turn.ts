/**
 * One anchor's turn: what became of what it was sent, and what it is sent next.
 * Source: receipts, sections 6.5 and 6.6.
 *
 * Crash order: (1) an intent is stored, (2) its epochs' `.anchor` files say that it is sent, (3) it
 * is sent. A crash before 1 leaves nothing; after it the stored intent is sent, which does no harm
 * when it was sent before.
 * @module
 */
import { DAY_EPOCHS } from '@turnpike/core/billing/epoch'
import {
  ANCHOR_INTENT_BYTES_MAX,
  ANCHOR_INTENTS_STEP_MAX,
  ANCHOR_OPEN_MAX,
  EPOCHS_STEP_MAX,
} from '@turnpike/core/limits/receipts'
import type {
  Anchor,
  AnchorFault,
  AnchorStanding,
  EpochStatement,
} from '@turnpike/core/ports/anchor'
import { AnchorConflict, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type { EpochRecord, EpochStore, StoredIntent } from '@turnpike/core/ports/epoch-store'
import type { Result } from '@turnpike/core/result'

/** How often epochs go to anchors: each when it is sealed, or whole days when they are over. */
export type AnchorEvery = 'hour' | 'day'

/** What a turn takes. */
export interface TurnDeps {
  readonly store: EpochStore
  readonly anchor: Anchor
  readonly every: AnchorEvery
  /** The epoch that goes on now. */
  readonly nowEpoch: number
  /** Publishes what the records say of epochs. */
  readonly publish: (records: readonly EpochRecord[]) => Promise<void>
}

/** An intent and what the anchor said of it, at last. */
interface Open {
  readonly stored: StoredIntent
  readonly standing: AnchorStanding
}

/** How a turn ends that could not go on. */
class TurnFault extends Error {
  readonly fault: AnchorFault
  constructor(fault: AnchorFault) {
    super(fault.message)
    this.fault = fault
  }
}

/**
 * One turn. Epochs go to the anchor in their order, and the next ones only when all before are
 * there.
 *
 * @returns why it could not go on; undefined when there is nothing more to do for now
 * @example
 * const fault = await anchorTurn({ store, anchor, every: 'hour', nowEpoch, publish })
 */
export async function anchorTurn(deps: TurnDeps): Promise<AnchorFault | undefined> {
  try {
    await new Turn(deps).run()
    return undefined
  } catch (error) {
    if (error instanceof TurnFault) return error.fault
    throw error
  }
}

class Turn {
  readonly #deps: TurnDeps
  /** Intents that are not final, oldest first. */
  readonly #open: Open[] = []

  constructor(deps: TurnDeps) {
    this.#deps = deps
  }

  async run(): Promise<void> {
    try {
      for (const stored of await this.#store.intents(this.#anchor.name))
        this.#open.push({ stored, standing: await this.#ask(stored) })
    } finally {
      // What was heard counts: one that answers only so often would never be done otherwise.
      await this.#settle()
    }
    for (let sent = 0; sent < ANCHOR_INTENTS_STEP_MAX; sent++) {
      const at = await this.#next()
      if (at === undefined) return
      const { stored } = this.#open[at]!
      await this.#send(stored)
      this.#open[at] = { stored, standing: await this.#ask(stored) }
      await this.#settle()
      if (!isThere(this.#open[at].standing)) return
    }
  }

  get #store(): EpochStore {
    return this.#deps.store
  }

  get #anchor(): Anchor {
    return this.#deps.anchor
  }

  /** Which intent is to be sent next: the oldest that is not there, or a new one. */
  async #next(): Promise<number | undefined> {
    const at = this.#open.findIndex(({ standing }) => !isThere(standing))
    if (at >= 0) {
      const { stored, standing } = this.#open[at]!
      if (standing.kind === 'waiting') return at
      const replacing = await this.#prepare(await this.#statements(stored), stored)
      this.#open[at] = { stored: replacing, standing: WAITING }
      return at
    }
    if (this.#open.filter(({ standing }) => standing.kind !== 'final').length >= ANCHOR_OPEN_MAX)
      return undefined
    const due = await this.#due()
    if (due.length === 0) return undefined
    const stored = await this.#prepare(due)
    return this.#open.push({ stored, standing: WAITING }) - 1
  }

  async #due(): Promise<readonly EpochStatement[]> {
    const { every, nowEpoch } = this.#deps
    const { name, epochsMax } = this.#anchor
    const records = await this.#store.due(name, Math.min(epochsMax, EPOCHS_STEP_MAX))
    const statements = records.map(({ statement }) => statement)
    if (every === 'hour') return statements
    const today = Math.floor(nowEpoch / DAY_EPOCHS)
    return statements.filter(({ epoch }) => Math.floor(epoch / DAY_EPOCHS) < today)
  }

  async #prepare(
    epochs: readonly EpochStatement[],
    replaced?: StoredIntent,
  ): Promise<StoredIntent> {
    const { name } = this.#anchor
    const intent = need(await this.#anchor.prepare(epochs, replaced?.intent))
    if (intent.bytes.length > ANCHOR_INTENT_BYTES_MAX)
      throw new RangeError(`${name} expected to store <= ${ANCHOR_INTENT_BYTES_MAX} bytes`)
    await this.#store.intend(name, intent)
    return { anchor: name, intent, state: 'sent', proof: null }
  }

  async #send(stored: StoredIntent): Promise<void> {
    const records = await this.#records(stored)
    await this.#deps.publish(records)
    const statements = records.map(({ statement }) => statement)
    need(await this.#anchor.submit(stored.intent, statements))
  }

  async #ask(stored: StoredIntent): Promise<AnchorStanding> {
    return need(await this.#anchor.standing(stored.intent, await this.#statements(stored)))
  }

  /** Writes down what became of intents: none is further than those before it. */
  async #settle(): Promise<void> {
    const changed: (StoredIntent & { readonly firstEpoch: number })[] = []
    let most = 2
    for (const [at, { stored, standing }] of this.#open.entries()) {
      most = Math.min(most, isThere(standing) ? (standing.kind === 'final' ? 2 : 1) : 0)
      const state = (['sent', 'anchored', 'final'] as const)[most]!
      const proof = state !== 'sent' && isThere(standing) ? standing.proof : null
      if (state === stored.state && JSON.stringify(proof) === JSON.stringify(stored.proof)) continue
      const now = { ...stored, state, proof }
      this.#open[at] = { stored: now, standing }
      changed.push({ ...now, firstEpoch: now.intent.epochs[0]! })
    }
    if (changed.length === 0) return
    await this.#store.stand(this.#anchor.name, changed)
    for (const stored of changed) await this.#deps.publish(await this.#records(stored))
  }

  async #statements(stored: StoredIntent): Promise<readonly EpochStatement[]> {
    return (await this.#records(stored)).map(({ statement }) => statement)
  }

  async #records({ intent: { epochs } }: StoredIntent): Promise<readonly EpochRecord[]> {
    return this.#store.list(epochs[0]!, epochs.length)
  }
}

const WAITING: AnchorStanding = { kind: 'waiting' }

function isThere(
  standing: AnchorStanding,
): standing is Extract<AnchorStanding, { readonly kind: 'anchored' | 'final' }> {
  return standing.kind === 'anchored' || standing.kind === 'final'
}

function need<T extends NonNullable<unknown>>(result: Result<T, AnchorFault>): T {
  const { error } = result
  if (error instanceof AnchorConflict || error instanceof AnchorUnavailable)
    throw new TurnFault(error)
  if (error !== undefined) throw error
  return result.ok!
}
