/**
 * What primary and workers tell each other over Node's IPC channel.
 * @module
 */

/** Environment variable that tells a worker its slot. */
export const SLOT_VARIABLE = 'TURNPIKE_WORKER_SLOT'

/** From the primary. */
export type ToWorker =
  | { readonly kind: 'ask'; readonly id: number; readonly question: string }
  | { readonly kind: 'stop'; readonly graceMs: number }
  | { readonly kind: 'told'; readonly id: number; readonly value: unknown }

/** From a worker. `value` and `question` must survive JSON. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'question'; readonly id: number; readonly question: unknown }
