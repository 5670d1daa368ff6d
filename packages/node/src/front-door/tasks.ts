/**
 * Tasks and their receipts in the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { AGENT_BYTES_MAX, AGENT_TASK_MS_MAX, AGENT_TASKS_MAX } from '@turnpike/core/limits/ucan'
import type { AgentWriter, TaskRecord } from '@turnpike/core/ports/agent'
import { transact } from '../catalog/database.ts'

/** How many tasks are kept, how long, and how many bytes of them. */
export interface TaskRoom {
  readonly tasksMax: number
  readonly taskMsMax: number
  /** Bytes of invocations and receipts together, up to the oldest one's own. */
  readonly bytesMax: number
}

const ROOM: TaskRoom = {
  tasksMax: AGENT_TASKS_MAX,
  taskMsMax: AGENT_TASK_MS_MAX,
  bytesMax: AGENT_BYTES_MAX,
}

/**
 * Both sides of the store. Reading works on a read-only connection; writing is for the folder's
 * owner.
 *
 * @example
 * new CatalogTasks(folder.catalog).task(cid)
 */
export class CatalogTasks implements AgentWriter {
  readonly #catalog: DatabaseSync
  readonly #room: TaskRoom
  readonly #find: StatementSync

  constructor(catalog: DatabaseSync, room: TaskRoom = ROOM) {
    this.#catalog = catalog
    this.#room = room
    this.#find = catalog.prepare(
      `SELECT task, invocation, receipt_cid AS receiptCid, receipt, ran_ms AS ranMs
       FROM agent_tasks WHERE task = ?`,
    )
  }

  task(task: Uint8Array): TaskRecord | undefined {
    return this.#find.get(task) as unknown as TaskRecord | undefined
  }

  keep({ task, invocation, receiptCid, receipt, ranMs }: TaskRecord): void {
    transact(this.#catalog, () => {
      const before = this.#first('DESC')?.endBytes ?? 0
      const endBytes = before + invocation.length + receipt.length
      const { changes, lastInsertRowid } = this.#catalog
        .prepare(
          `INSERT INTO agent_tasks (task, invocation, receipt_cid, receipt, ran_ms, end_bytes)
           VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        )
        .run(task, invocation, receiptCid, receipt, ranMs, endBytes)
      if (changes > 0) this.#makeRoom({ id: Number(lastInsertRowid), ranMs, endBytes })
    })
  }

  /** Rows go in the order of their ids, so that the next one is looked at and no other. */
  #makeRoom(newest: Placed): void {
    const { tasksMax, taskMsMax, bytesMax } = this.#room
    for (let oldest = this.#first('ASC'); oldest !== undefined; oldest = this.#first('ASC')) {
      const isKept =
        oldest.id > newest.id - tasksMax &&
        oldest.ranMs > newest.ranMs - taskMsMax &&
        oldest.endBytes > newest.endBytes - bytesMax
      if (isKept) return
      this.#catalog.prepare('DELETE FROM agent_tasks WHERE id = ?').run(oldest.id)
    }
  }

  #first(order: 'ASC' | 'DESC'): Placed | undefined {
    const row = this.#catalog
      .prepare(
        `SELECT id, ran_ms AS ranMs, end_bytes AS endBytes
         FROM agent_tasks ORDER BY id ${order} LIMIT 1`,
      )
      .get()
    return row as unknown as Placed | undefined
  }
}

/** Where a task stands among the others. */
interface Placed {
  readonly id: number
  readonly ranMs: number
  readonly endBytes: number
}
