/**
 * Port for what was asked of this gateway's front door, and what it answered.
 * @module
 */
import type { Awaitable } from '../result.ts'

/** An invocation that was run, and the receipt that was issued for it. */
export interface TaskRecord {
  /** Binary CID of the invocation. */
  readonly task: Uint8Array
  /** The invocation with its proofs, as ucanto archives them (a CAR). */
  readonly invocation: Uint8Array
  /** Binary CID of the receipt. */
  readonly receiptCid: Uint8Array
  /** The receipt's one block, DAG-CBOR. */
  readonly receipt: Uint8Array
  /** Wall-clock ms. */
  readonly ranMs: number
}

/** Where receipts are looked up. What one process kept, others see with their next call. */
export interface AgentStore {
  /** Undefined for what never ran here, or so long ago that it was forgotten. */
  task(task: Uint8Array): Awaitable<TaskRecord | undefined>
}

/**
 * Keeps tasks, durably when it resolves. The first record of a task stays; `AGENT_TASKS_MAX` bounds
 * their number, `AGENT_TASK_MS_MAX` their age and `AGENT_BYTES_MAX` their bytes; the oldest are
 * forgotten first.
 */
export interface AgentWriter extends AgentStore {
  keep(record: TaskRecord): Awaitable<void>
}
