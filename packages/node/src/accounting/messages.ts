/**
 * What the accounting thread and its host say to each other.
 * @module
 */
import type { MessagePort } from 'node:worker_threads'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { UsageAnswer, UsageQuery } from '@turnpike/accounting/usage'
import type { AccountingOptions } from './open.ts'

/** What the thread is started with. */
export interface AccountingStart extends AccountingOptions {
  /** The channel over which the folder's owner asks. */
  readonly owner: MessagePort | undefined
}

/** A call of the host. Answered once, with the same `call`. */
export type AccountingRequest = { readonly call: number } & (
  | { readonly do: 'catchUp' | 'rebuild' | 'confirmClock' | 'close' }
  | { readonly do: 'usage'; readonly query: UsageQuery }
  | { readonly do: 'operate'; readonly method: string; readonly params: unknown }
)

/** An error on its way between threads, which keep no classes. */
export interface SentFault {
  readonly reason: string
  readonly message: string
}

/** An answer to a call, or news that nobody asked for. */
export type AccountingReply =
  | { readonly call: number; readonly ok: CaughtUp | UsageAnswer | null }
  | { readonly call: number; readonly fault: SentFault }
  /** What an operation answered. */
  | { readonly call: number; readonly done: NonNullable<unknown> }
  /** The thread has opened its files, or could not. */
  | { readonly opened: SentFault | null }
  /** A round in the background failed, or after that went well again. */
  | { readonly standing: SentFault | null }
  /** A job began to fail, or after that went well again. */
  | { readonly job: string; readonly fault: SentFault | null }
