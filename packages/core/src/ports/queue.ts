/**
 * Port of the queue: work for others (records, webhooks, invoices) that has to outlast crashes.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'

/** A message on its way in. */
export interface QueuedMessage {
  /** What it is for: one topic has one kind of handler. At most `QUEUE_TOPIC_CHARS_MAX`. */
  readonly topic: string
  /** Names the message within its topic. At most `QUEUE_KEY_CHARS_MAX`. */
  readonly key: string
  /** At most `QUEUE_BODY_BYTES_MAX`. */
  readonly body: Uint8Array
  /** Wall-clock ms before which it is not taken; absent for at once. */
  readonly notBeforeMs?: number
}

/** A message that was taken: its holder settles it, unless another has taken it since. */
export interface HeldMessage {
  /** Names the message among all of its queue. */
  readonly id: number
  readonly topic: string
  readonly key: string
  /** Owned by the caller. */
  readonly body: Uint8Array
  /** Which taking of it this is, from 1; it starts at 1 again after a redrive. */
  readonly attempt: number
  /** Differs with each taking: only the newest may settle. */
  readonly lease: number
  /** Wall-clock ms. */
  readonly putMs: number
}

/** What became of a message. */
export type QueueOutcome =
  | { readonly kind: 'done' }
  /**
   * To be taken again; not before `notBeforeMs`, which is at most `QUEUE_DELAY_MS_MAX` ahead.
   * A consumer that is not told when waits longer each time.
   */
  | { readonly kind: 'retry'; readonly reason: string; readonly notBeforeMs?: number }
  /** Never taken again, unless somebody says so. */
  | { readonly kind: 'dead'; readonly reason: string }

/** What became of a message that was held. */
export interface Settlement {
  readonly held: Pick<HeldMessage, 'id' | 'lease'>
  /** A retry says when. */
  readonly outcome:
    | Exclude<QueueOutcome, { readonly kind: 'retry' }>
    | { readonly kind: 'retry'; readonly reason: string; readonly notBeforeMs: number }
}

/** How messages are taken. */
export interface TakeOptions {
  /** Most messages to take, from 1. */
  readonly limit: number
  /** After this time others may take them; it must be enough to handle and to settle them. */
  readonly visibilityMs: number
}

/** A topic has no room: `QUEUE_MESSAGES_MAX` of its messages wait. Try again when some are done. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
  readonly topic: string
  /** Messages that the topic may have waiting. */
  readonly messagesMax: number
  constructor(topic: string, messagesMax: number) {
    super(`"${topic}" expected <= ${messagesMax} messages waiting: let its consumer catch up`)
    this.topic = topic
    this.messagesMax = messagesMax
  }
}

/**
 * Delivers each message at least once, in no order that anybody may rely on. What was put is
 * durable, and so are attempts and settlements. A message is taken by one at a time; when its
 * holder dies or is late, by another, and then only that one settles it.
 */
export interface Queue {
  /**
   * Adds messages, all or none. One whose topic and key are known already, waiting, held or dead,
   * changes nothing. Done messages are forgotten: who could put one again keeps its own watermark,
   * in the transaction that puts.
   *
   * @returns how many were new
   * @throws {RangeError} when a message breaks a bound
   */
  put(messages: readonly QueuedMessage[]): Awaitable<Result<{ readonly added: number }, QueueFull>>
  /** Takes messages whose time has come, and counts the attempt before it returns. */
  take(topic: string, options: TakeOptions): Awaitable<readonly HeldMessage[]>
  /**
   * Settles messages in one transaction. A dead one stays for `QUEUE_DEAD_KEPT_MS`; with
   * `QUEUE_DEAD_MAX` dead in its topic it waits for an hour instead, so that nothing is dropped.
   *
   * @returns how many it settled: not those that somebody else holds by now
   */
  settle(settlements: readonly Settlement[]): Awaitable<number>
  /** Wall-clock ms at which the next message of a topic may be taken; undefined without any. */
  nextMs(topic: string): Awaitable<number | undefined>
}

/** A message as people are shown it. */
export interface QueueRow {
  readonly id: number
  readonly topic: string
  readonly key: string
  readonly sizeBytes: number
  readonly attempts: number
  readonly putMs: number
  /** When it may be taken next; undefined for a dead one. */
  readonly notBeforeMs: number | undefined
  /** When it was given up; undefined for one that is not. */
  readonly deadMs: number | undefined
  /** Why it was not done the last time; empty before that. */
  readonly reason: string
}

/** How many messages of a topic there are. */
export interface QueueCount {
  readonly topic: string
  readonly waiting: number
  readonly dead: number
}

/** Which messages are meant: all that meet what is given. */
export interface QueueSelection {
  readonly topic?: string | undefined
  readonly id?: number | undefined
}

/** The queue for those who watch over it. */
export interface QueueKeeper {
  /** Topics that have messages, by name. */
  counts(): Awaitable<readonly QueueCount[]>
  /** Oldest first, at most `QUEUE_LISTED_MAX`. */
  list(selection: QueueSelection & { readonly isDead: boolean }): Awaitable<readonly QueueRow[]>
  /** Lets dead messages be taken again, with all their attempts, as far as there is room. */
  redrive(selection: QueueSelection): Awaitable<number>
  /**
   * Lets what waits be taken at once, held or not. For who knows that nobody holds any: the only
   * consumer, when it starts.
   */
  wake(topic: string): Awaitable<void>
  /**
   * Declares dead all that waits, held or not, as many as there are. For who knows that nobody
   * holds any, and that whoever takes it next would do with it what nobody meant.
   */
  buryAll(topic: string, reason: string): Awaitable<void>
  /** Forgets messages that have been dead for `QUEUE_DEAD_KEPT_MS`; returns their rows. */
  purge(): Awaitable<readonly QueueRow[]>
}
