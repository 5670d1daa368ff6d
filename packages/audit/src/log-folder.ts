/**
 * The files of a log, and its committed state as of one moment (docs/reference/log-files.md).
 * @module
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Items } from './cbor.ts'
import { checkedBody } from './kept.ts'
import { quietLocation } from './quiet-location.ts'
import { readIfThere } from './files.ts'
import { sha256 } from './tree.ts'

/** The state can't be read: no difference, but nothing to compare with. */
export class StateUnreadable extends Error {
  override readonly name = 'StateUnreadable'
}

/** What a log is after a commit. */
export interface LogState {
  readonly size: number
  readonly root: Uint8Array
  /** The open epoch, its first entry, and the root before that. */
  readonly open:
    | { readonly epoch: number; readonly first: number; readonly firstRoot: Uint8Array }
    | undefined
  /** The last SEAL's epoch, and the index after it. */
  readonly sealed: { readonly epoch: number; readonly end: number } | undefined
  /** Entries of each journal that are in the log. */
  readonly journals: ReadonlyMap<string, number>
  /** The partial bundle at the right edge. */
  readonly bundle: Uint8Array
  /** The partial tile of each level. */
  readonly tiles: readonly Uint8Array[]
}

const HASH_BYTES = 32
const EMPTY: LogState = {
  size: 0,
  root: sha256(new Uint8Array(0)),
  open: undefined,
  sealed: undefined,
  journals: new Map(),
  bundle: new Uint8Array(0),
  tiles: [],
}
/** Copies of a database that is written meanwhile are tried so often. */
const COPIES_MAX = 20

/** A log's folder, opened to read. */
export class LogFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A file's bytes by its path from the log's folder; undefined when there is none. */
  file(path: string): Uint8Array | undefined {
    return readIfThere(join(this.#folder, path))
  }

  /**
   * The last committed state; that of an empty log when nothing was ever committed. Whoever
   * sequences has the database locked, so that a copy is read. A copy that a commit or a checkpoint
   * of SQLite came across shows by the state's own checksum, and another is made.
   *
   * @throws {StateUnreadable} when no copy could be read
   */
  state(): LogState {
    const stats = statSync(join(this.#folder, 'head.sqlite'), { throwIfNoEntry: false })
    if (stats === undefined) return EMPTY
    if (!stats.isFile()) throw new StateUnreadable('state of the log: expected a file')
    let why: unknown
    for (let tries = 0; tries < COPIES_MAX; tries++)
      try {
        const bytes = this.#readState()
        return bytes === undefined ? EMPTY : decodeState(bytes)
      } catch (error) {
        why = error
      }
    const { message } = why as Error
    throw new StateUnreadable(`state of the log: ${message}`, { cause: why })
  }

  #readState(): Uint8Array | undefined {
    const path = join(this.#folder, 'head.sqlite')
    if (!existsSync(`${path}-wal`)) return stateIn(quietLocation(path))
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-audit-'))
    try {
      // The write-ahead log after the database: what moves from one to the other is then in both.
      for (const name of ['head.sqlite', 'head.sqlite-wal'])
        if (existsSync(join(this.#folder, name)))
          copyFileSync(join(this.#folder, name), join(folder, name))
      return stateIn(join(folder, 'head.sqlite'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

function stateIn(location: string | URL): Uint8Array | undefined {
  const database = new DatabaseSync(location)
  try {
    return database.prepare('SELECT state FROM head').get()?.['state'] as Uint8Array | undefined
  } finally {
    database.close()
  }
}

/**
 * The state that bytes of `head.sqlite` are.
 *
 * @throws {StateUnreadable} when its version isn't known
 * @throws {BadCbor} when they are no state, or their checksum is wrong
 */
export function decodeState(bytes: Uint8Array): LogState {
  const items = new Items(checkedBody(bytes))
  const version = items.uint()
  if (version !== 1) throw new StateUnreadable(`expected version 1, got ${version}`)
  const size = items.uint()
  const root = items.bytes(HASH_BYTES)
  items.uint() // clock
  const open =
    items.array() === 0
      ? undefined
      : { epoch: items.uint(), first: items.uint(), firstRoot: items.bytes(HASH_BYTES) }
  const sealed = items.array() === 0 ? undefined : { epoch: items.uint(), end: items.uint() }
  const journals = new Map<string, number>()
  for (let left = items.array(); left > 0; left -= 2) journals.set(items.text(), items.uint())
  const bundle = items.bytes()
  const tiles = Array.from({ length: items.array() }, () => items.bytes())
  items.end()
  return { size, root, open, sealed, journals, bundle, tiles }
}
