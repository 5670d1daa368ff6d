/**
 * The journals of a data folder, one for each slot.
 * @module
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { JournalSource } from '@turnpike/core/ports/log'
import { cleanPath, listWals, marksPath } from '../journal/files.ts'
import { openJournal } from '../journal/journal.ts'
import { markedReads } from '../journal/marks.ts'
import { freeReserve } from '../journal/room.ts'
import { journalSource } from '../journal/source.ts'

/** Finds slots as they appear, and keeps one reader for each. */
export class Journals {
  readonly #directory: string
  readonly #sources = new Map<string, JournalSource>()

  /** Journals in the folders of `directory`, which may not be there yet. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Readers of all journals there are now, by name. */
  async sources(): Promise<readonly JournalSource[]> {
    const slots = await this.#slots()
    return slots.map((name) => {
      const known = this.#sources.get(name)
      if (known !== undefined) return known
      const source = journalSource(this.#folder(name), name)
      this.#sources.set(name, source)
      return source
    })
  }

  /**
   * Recovers the journals that a killed process left: cuts torn tails, and writes down the reads
   * that were open. For the folder's owner, on slots that no process writes.
   *
   * @throws {JournalCorrupt} when a journal holds what no crash leaves
   */
  async recover(inUse: ReadonlySet<string> = new Set()): Promise<void> {
    for (const name of await this.#slots()) {
      const folder = this.#folder(name)
      if (inUse.has(name) || (await isSettled(folder))) continue
      const opened = await openJournal({ folder, reserveBytes: 0, onFailure: () => {} })
      if (opened.error !== undefined) throw opened.error
      await opened.ok.close()
    }
  }

  /** Gives the space that slots hold in reserve back to a full disk. */
  async freeReserves(): Promise<void> {
    for (const name of await this.#slots()) await freeReserve(this.#folder(name))
  }

  /** Bytes that all journals take on disk, with the room that is made ahead. */
  async bytes(): Promise<number> {
    const paths = await readdir(this.#directory, { recursive: true }).catch(absent)
    // Files go while they are counted.
    const sizes = paths.map((path) =>
      stat(join(this.#directory, path)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    )
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  #folder(name: string): string {
    return join(this.#directory, name)
  }

  async #slots(): Promise<readonly string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch(absent)
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
  }
}

/** Whether a journal was stopped cleanly and no read was open then: there is nothing to recover. */
async function isSettled(folder: string): Promise<boolean> {
  if (!existsSync(cleanPath(folder))) return false
  for (const { path } of await listWals(folder)) {
    const table = await readFile(marksPath(path)).catch(absent)
    if (markedReads(new Uint8Array(table)).length > 0) return false
  }
  return true
}

function absent(error: NodeJS.ErrnoException): never[] {
  if (error.code !== 'ENOENT') throw error
  return []
}
