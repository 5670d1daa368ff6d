/**
 * What is served: made-up files, added once to a data folder that all contenders read.
 * @module
 */
import { linkToString, RAW } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { blobPaths } from '@turnpike/node/blobs/paths'
import { folderPaths } from '@turnpike/node/folder/layout'
import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Child, startChild } from './child.ts'
import { Content } from './content.ts'
import type { AddFigures } from './servers/add.ts'
import type { Route } from './servers/bare.ts'
import type { Sizes } from './sizes.ts'

/** A file that was added. */
export interface AddedFile {
  readonly cid: string
  /** The file on disk. */
  readonly file: string
  readonly sizeBytes: number
  readonly content: Content
  readonly figures: AddFigures
}

/** A folder of small files that was added. */
export interface AddedFolder {
  readonly cid: string
  /** Directory on disk. */
  readonly path: string
  readonly entries: readonly { readonly cid: string; readonly sha256: string; file: string }[]
  /** Blocks of the folder's whole DAG. */
  readonly blocks: number
}

/** A folder of files of many sizes. */
export interface MixedFolder {
  readonly cid: string
  readonly files: readonly { name: string; file: string; length: number; sha256: string }[]
}

const MIX_FILES = 100

/** What a PNG begins with: of unknown bytes gateway-lib would guess a character set for 2 ms. */
const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Files that cases serve. Each is made when it is first asked for, and kept with `keep`. */
export class BenchData {
  readonly #root: string
  readonly #sizes: Sizes
  readonly #made = new Map<string, Promise<unknown>>()
  #adder: Promise<Child<unknown>> | undefined

  constructor(root: string, sizes: Sizes) {
    this.#root = root
    this.#sizes = sizes
  }

  /** The data folder of a run's content. */
  get data(): string {
    return join(this.#root, 'data')
  }

  /** A path for something of a case's own. */
  path(name: string): string {
    return join(this.#root, name)
  }

  big(): Promise<AddedFile> {
    return this.#file('big', 1, this.#sizes.bigBytes, 'unixfs-v1-2025')
  }

  bigOf256KiB(): Promise<AddedFile> {
    return this.#file('big-256k', 2, this.#sizes.bigBytes, 'unixfs-v0-2015')
  }

  huge(): Promise<AddedFile> {
    return this.#file('huge', 3, this.#sizes.hugeBytes, 'unixfs-v1-2025')
  }

  hugeOf256KiB(): Promise<AddedFile> {
    return this.#file('huge-256k', 4, this.#sizes.hugeBytes, 'unixfs-v0-2015')
  }

  /** A folder of files from 1 KiB to 12 MiB, each a tenth larger than the one before. */
  mix(): Promise<MixedFolder> {
    return this.#once('mix', async () => {
      const path = this.path('mix')
      await mkdir(path, { recursive: true })
      const content = new Content(6)
      const files = []
      for (let i = 0, offset = 0; i < MIX_FILES; i++) {
        const length = Math.min(this.#sizes.bigBytes, Math.round(1024 * 1.1 ** i))
        const file = join(path, `${String(i).padStart(3, '0')}.bin`)
        if (!existsSync(file)) await writeFile(file, content.read(offset, length))
        files.push({ name: basename(file), file, length, sha256: content.sha256(offset, length) })
        offset += Math.ceil(length / 4096) * 4096
      }
      const { cid } = await this.#add('mix', { path })
      return { cid, files }
    })
  }

  folder(): Promise<AddedFolder> {
    return this.#once('folder', async () => {
      const path = this.path('folder')
      const content = new Content(5)
      const { folderEntries, smallFileBytes } = this.#sizes
      await mkdir(path, { recursive: true })
      const entries = []
      for (let i = 0; i < folderEntries; i++) {
        const bytes = content.read(i * smallFileBytes, smallFileBytes)
        bytes.set(PNG)
        const file = join(path, `${String(i).padStart(5, '0')}.bin`)
        if (!existsSync(file)) await writeFile(file, bytes)
        const digest = createHash('sha256').update(bytes).digest()
        const multihash = encodeMultihash(SHA2_256, digest)
        const cid = linkToString({ version: 1, codec: RAW, multihash })
        entries.push({ cid, file, sha256: digest.toString('hex') })
      }
      const { cid, blocks } = await this.#add('folder', { path })
      return { cid, path, entries, blocks }
    })
  }

  /** Ends what it runs. */
  async close(): Promise<void> {
    await (await this.#adder)?.stop()
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await this.close()
    await rm(this.#root, { recursive: true, force: true })
  }

  #file(
    name: string,
    seed: number,
    sizeBytes: number,
    profile: 'unixfs-v1-2025' | 'unixfs-v0-2015',
  ): Promise<AddedFile> {
    return this.#once(name, async () => {
      const file = this.path(`${name}.bin`)
      const content = new Content(seed)
      await mkdir(this.#root, { recursive: true })
      if (!existsSync(file)) await content.write(file, sizeBytes)
      const figures = await this.#add(name, { path: file, profile })
      return { cid: figures.cid, file, sizeBytes, content, figures }
    })
  }

  /** Adds once: a data folder that was kept has it already. */
  async #add(name: string, work: object): Promise<AddFigures> {
    const note = this.path(`${name}.json`)
    if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as AddFigures
    this.#adder ??= startChild('servers/add.ts', [this.data])
    const figures = await (await this.#adder).ask<AddFigures>('add', work)
    await writeFile(note, JSON.stringify(figures))
    return figures
  }

  /** One after another: a data folder has one owner. */
  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    let made = this.#made.get(name) as Promise<T> | undefined
    if (made === undefined) {
      const before = [...this.#made.values()].at(-1)
      made = Promise.resolve(before).then(make)
      this.#made.set(name, made)
    }
    return made
  }
}

/** Adds in a process of its own. */
export async function addIn(data: string, work: object): Promise<AddFigures> {
  const child = await startChild('servers/add.ts', [data])
  try {
    return await child.ask<AddFigures>('add', work)
  } finally {
    await child.stop()
  }
}

/** Files of all blobs of a data folder, and the blocks in them, for servers that are not ours. */
export interface BlockMap {
  readonly files: readonly string[]
  /** Multihash in base64, file, offset, length. */
  readonly blocks: readonly (readonly [string, number, number, number])[]
}

/** Reads where the blocks of a data folder lie. */
export function blockMap(data: string): BlockMap {
  const { database, blobs } = folderPaths(data)
  const catalog = new DatabaseSync(database, { readOnly: true })
  try {
    const rows = catalog.prepare('SELECT id, multihash FROM blobs ORDER BY id').all()
    const files = rows.map(({ multihash }) => blobPaths(blobs, multihash as Uint8Array)!.blob)
    const fileOf = new Map(rows.map(({ id }, i) => [id, i]))
    const slices = catalog.prepare('SELECT multihash, blob, offset, length FROM slices').all()
    const blocks = slices.map(
      ({ multihash, blob, offset, length }) =>
        [
          Buffer.from(multihash as Uint8Array).toString('base64'),
          fileOf.get(blob!)!,
          offset as number,
          length as number,
        ] as const,
    )
    return { files, blocks }
  } finally {
    catalog.close()
  }
}

/** A route of the bare server to a whole file. */
export function wholeFile(file: string, length: number): Route {
  return { file, offset: 0, length }
}
