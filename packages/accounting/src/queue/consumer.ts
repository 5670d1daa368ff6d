/**
 * Takes messages of one topic to their handler, and settles each by what the handler says of it.
 * @module
 */
import { QUEUE_ATTEMPTS_MAX } from '@turnpike/core/limits/queue'
import type { HeldMessage, Queue, QueueOutcome, Settlement } from '@turnpike/core/ports/queue'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { backoffMs } from './backoff.ts'

/** What is done with the messages of a topic. */
export interface QueueHandler {
  readonly topic: string
  /** Most messages that it is given at once. */
  readonly batchMax: number
  /** Longer than it can take: after that the messages are given to others as well. */
  readonly visibilityMs: number
  /**
   * Handles messages. When it throws, each is handled again by itself, so that one which can't be
   * handled never takes others along: what it did for them before has to be harmless twice.
   *
   * @param signal aborted when accounting closes
   * @returns an outcome for each, in their order
   */
  handle(messages: readonly HeldMessage[], signal: AbortSignal): Promise<readonly QueueOutcome[]>
}

/** What a consumer works with. */
export interface ConsumerDeps {
  readonly queue: Queue
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Random
}

/** How many messages came to which end; those that somebody else settled are not among them. */
export interface Consumed {
  readonly done: number
  readonly retried: number
  readonly dead: number
}

/** Batches that one call handles: those who call again look after other work in between. */
const BATCHES_MAX = 1000

/**
 * Handles what is due, batch after batch, until nothing is or `signal` aborts. Any number may work
 * on one topic, in any number of processes: each message is settled by one of them.
 *
 * @example
 * await consume(handler, { queue, clock, random }, signal)
 */
export async function consume(
  handler: QueueHandler,
  deps: ConsumerDeps,
  signal: AbortSignal,
): Promise<Consumed> {
  const { queue } = deps
  const { topic, batchMax: limit, visibilityMs } = handler
  const consumed = { done: 0, retried: 0, dead: 0 }
  for (let batches = 0; batches < BATCHES_MAX && !signal.aborted; batches++) {
    const messages = await queue.take(topic, { limit, visibilityMs })
    if (messages.length === 0) break
    const settlements = await handleAll(handler, messages, deps, signal)
    for (const [kind, of] of Map.groupBy(settlements, ({ outcome }) => outcome.kind))
      consumed[COUNTED[kind]] += await queue.settle(of)
  }
  return consumed
}

const COUNTED = { done: 'done', retry: 'retried', dead: 'dead' } as const

/** Messages beyond their attempts are not handled: what kills its process never gets to say so. */
async function handleAll(
  handler: QueueHandler,
  messages: readonly HeldMessage[],
  deps: ConsumerDeps,
  signal: AbortSignal,
): Promise<readonly Settlement[]> {
  const due = messages.filter(({ attempt }) => attempt <= QUEUE_ATTEMPTS_MAX)
  const outcomes = due.length === 0 ? [] : await outcomesOf(handler, due, signal)
  const late = messages.filter(({ attempt }) => attempt > QUEUE_ATTEMPTS_MAX)
  return [
    ...due.map((held, i) => settlementOf(held, outcomes[i], deps)),
    ...late.map((held) => ({ held, outcome: exhausted('its holders never said') })),
  ]
}

async function outcomesOf(
  handler: QueueHandler,
  messages: readonly HeldMessage[],
  signal: AbortSignal,
): Promise<readonly QueueOutcome[]> {
  try {
    return await handler.handle(messages, signal)
  } catch (error) {
    if (messages.length === 1) return [{ kind: 'retry', reason: String(error) }]
  }
  const outcomes: QueueOutcome[] = []
  for (const message of messages) outcomes.push(...(await outcomesOf(handler, [message], signal)))
  return outcomes
}

function settlementOf(
  held: HeldMessage,
  outcome: QueueOutcome = { kind: 'retry', reason: 'its handler said nothing of it' },
  { clock, random }: ConsumerDeps,
): Settlement {
  if (outcome.kind !== 'retry') return { held, outcome }
  const { reason } = outcome
  if (held.attempt >= QUEUE_ATTEMPTS_MAX) return { held, outcome: exhausted(reason) }
  const { notBeforeMs = clock.nowMs() + backoffMs(held.attempt, random) } = outcome
  return { held, outcome: { kind: 'retry', reason, notBeforeMs } }
}

function exhausted(reason: string): Extract<QueueOutcome, { readonly kind: 'dead' }> {
  return { kind: 'dead', reason: `given up after ${QUEUE_ATTEMPTS_MAX} attempts: ${reason}` }
}
