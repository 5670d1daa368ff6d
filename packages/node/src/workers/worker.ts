/**
 * A worker's side of the primary and its workers.
 * @module
 */
import { STOP_GRACE_MS } from '@turnpike/core/limits'
import { type FromWorker, SLOT_VARIABLE, type ToWorker } from './messages.ts'

/** What a worker does for its primary. */
export interface WorkerDuties {
  /**
   * Answers a question of the primary, such as `stats`, with a value that survives JSON, or a
   * promise of one. Must not throw or reject.
   */
  answer(question: string): unknown
  /**
   * Finishes what is in flight within `graceMs` and closes what is open. The process exits then.
   */
  stop(graceMs: number): Promise<void>
}

/**
 * This process's slot, from 0; undefined when it is no worker. A worker that is started again after
 * a crash has the slot of the one that crashed.
 *
 * @example
 * const slot = workerSlot() ?? 0
 */
export function workerSlot(): number | undefined {
  const slot = process.env[SLOT_VARIABLE]
  return slot === undefined ? undefined : Number(slot)
}

/**
 * Tells the primary that this worker serves, and obeys it from now on. Signals that a terminal
 * sends to the whole group are left to the primary; when that is gone, the worker stops by itself.
 *
 * @throws {TypeError} when this process is no worker
 * @example
 * joinPrimary({ answer: () => server.stats(), stop: (graceMs) => server.close({ graceMs }) })
 */
export function joinPrimary(duties: WorkerDuties): void {
  if (process.send === undefined || workerSlot() === undefined) {
    throw new TypeError('"joinPrimary" expected a worker process, got one without a primary')
  }
  let stopping = false
  const stop = async (graceMs: number): Promise<void> => {
    if (stopping) return
    stopping = true
    await duties.stop(graceMs)
    process.exit(0)
  }
  const answer = async (id: number, question: string): Promise<void> => {
    tell({ kind: 'answer', id, value: await duties.answer(question) })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', () => void stop(STOP_GRACE_MS))
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') void stop(message.graceMs)
    else if (message.kind === 'ask') void answer(message.id, message.question)
  })
  tell({ kind: 'ready' })
}

function tell(message: FromWorker): void {
  // Fails only when the primary is gone, which `disconnect` tells, too.
  if (process.connected) process.send!(message, () => {})
}
