/**
 * Tasks and their receipts in the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { AGENT_TASK_MS_MAX, AGENT_TASKS_MAX } from '@turnpike/core/limits'
import type { AgentWriter, TaskRecord } from '@turnpike/core/ports/agent'
import { transact } from '../catalog/database.ts'

/** How many tasks are kept, and how long. */
export interface TaskRoom {
  readonly tasksMax: number
  readonly taskMsMax: number
}

const ROOM: TaskRoom = { tasksMax: AGENT_TASKS_MAX, taskMsMax: AGENT_TASK_MS_MAX }

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
    const { tasksMax, taskMsMax } = this.#room
    transact(this.#catalog, () => {
      const { changes, lastInsertRowid } = this.#catalog
        .prepare(
          `INSERT INTO agent_tasks (task, invocation, receipt_cid, receipt, ran_ms)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        )
        .run(task, invocation, receiptCid, receipt, ranMs)
      if (changes === 0) return
      // Rows go in the order of their ids, so that the next one is looked at and no other.
      this.#catalog
        .prepare('DELETE FROM agent_tasks WHERE id <= ?')
        .run(Number(lastInsertRowid) - tasksMax)
      for (let oldest = this.#oldest(); oldest !== undefined; oldest = this.#oldest()) {
        if (oldest.ranMs > ranMs - taskMsMax) break
        this.#catalog.prepare('DELETE FROM agent_tasks WHERE id = ?').run(oldest.id)
      }
    })
  }

  #oldest(): { readonly id: number; readonly ranMs: number } | undefined {
    const row = this.#catalog
      .prepare('SELECT id, ran_ms AS ranMs FROM agent_tasks ORDER BY id LIMIT 1')
      .get()
    return row as { id: number; ranMs: number } | undefined
  }
}
