/**
 * What the owner thread and its host say to each other.
 * @module
 */
import type { MessagePort } from 'node:worker_threads'
import type { FrontDoorSettings } from '../front-door/settings.ts'
import type { OwnerOperation, Whoami } from './operations.ts'

/** What an owner thread is started with. */
export interface OwnerStart {
  readonly root: string
  /** Undefined where no invocations are taken. */
  readonly frontDoor: FrontDoorSettings | undefined
  /** The channel over which it asks accounting; undefined where there is none. */
  readonly accounting: MessagePort | undefined
}

/** Name of one of the operations of an owner thread: `invoke` beside those of any owner. */
export type ThreadOperation = OwnerOperation | 'invoke'

/** A call of the host. Answered once, with the same `call`. */
export type OwnerRequest =
  | { readonly call: number; readonly do: ThreadOperation; readonly params: unknown }
  | { readonly call: number; readonly do: 'close' }

/** An error on its way between threads, which keep no classes. */
export interface SentError {
  readonly name: string
  readonly message: string
}

/** Answers, and first of all whether the folder could be opened. */
export type OwnerReply =
  | { readonly opened: Whoami }
  | { readonly refused: SentError }
  | { readonly call: number; readonly progress: unknown }
  | { readonly call: number; readonly ok: unknown }
  | { readonly call: number; readonly error: SentError }
