/**
 * The denylist of a process that serves: follows the catalog without ever holding a read up.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Denylists, type NamedTable } from '@turnpike/core/deny/denylist'
import { DenyTable } from '@turnpike/core/deny/table'
import { DENY_PIECE_BYTES, DENY_POLL_MS } from '@turnpike/core/limits/deny'
import type { Denylist } from '@turnpike/core/ports/deny'
import { nodeHasher } from '../hasher.ts'
import { denyGeneration, readPiece, storedLists, type StoredList } from './tables.ts'

/** A denylist that follows its catalog. */
export interface LiveDenylist {
  readonly denylist: Denylist
  /** Follows it no longer. */
  close(): void
}

/**
 * Loads all lists, and then each change within a quarter of a second. A list is read in pieces with
 * other work between them (half a million rules: 63 pieces of 0.1 ms each, measured), and lists
 * change all at once. A change that can't be read leaves in force what was.
 *
 * @param onFault hears why a change could not be read; it is tried again
 * @example
 * const live = await followDenylists(catalog, log.error)
 */
export async function followDenylists(
  catalog: DatabaseSync,
  onFault: (error: unknown) => void,
): Promise<LiveDenylist> {
  const follower = new Follower(catalog)
  await follower.load()
  let loading = false
  const timer = setInterval(() => {
    if (loading) return
    loading = true
    follower
      .load()
      .catch((error: unknown) => follower.closed || onFault(error))
      .finally(() => {
        loading = false
      })
  }, DENY_POLL_MS)
  timer.unref()
  return {
    denylist: follower.lists,
    close() {
      follower.closed = true
      clearInterval(timer)
    },
  }
}

class Follower {
  readonly lists: Denylists = new Denylists(nodeHasher)
  closed = false
  readonly #catalog: DatabaseSync
  #generation = 0
  #tables: readonly (StoredList & NamedTable)[] = []

  constructor(catalog: DatabaseSync) {
    this.#catalog = catalog
  }

  /** Takes over what changed, if anything did. */
  async load(): Promise<void> {
    const generation = denyGeneration(this.#catalog)
    if (generation === this.#generation) return
    const tables: (StoredList & NamedTable)[] = []
    for (const list of storedLists(this.#catalog)) {
      const known = this.#tables.find(({ id }) => id === list.id)
      const table = known?.generation === list.generation ? known.table : await this.#read(list)
      // Replaced meanwhile, or this process is closing.
      if (table === undefined) return
      tables.push({ ...list, table })
    }
    this.#tables = tables
    this.#generation = generation
    this.lists.replace(tables)
  }

  async #read(list: StoredList): Promise<DenyTable | undefined> {
    // Joined as they come: joining 16 MB at the end would take 3 ms of one turn.
    const bytes = new Uint8Array(list.pieces * DENY_PIECE_BYTES)
    let endBytes = 0
    for (let i = 0; i < list.pieces; i++) {
      if (i > 0) await nextTurn()
      if (this.closed) return undefined
      const piece = readPiece(this.#catalog, list, i)
      if (piece === undefined) return undefined
      bytes.set(piece, endBytes)
      endBytes += piece.length
    }
    return new DenyTable(bytes.subarray(0, endBytes))
  }
}
