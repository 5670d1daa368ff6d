/**
 * Imports the blocks of a CAR.
 * @module
 */
import { basename, resolve } from 'node:path'
import { CarMalformed } from '@turnpike/core/car/decode'
import { readCar } from '@turnpike/core/car/read'
import { CAR_ROOTS_MAX } from '@turnpike/core/limits'
import { IMPORT_CHUNK_BYTES } from '@turnpike/core/limits/store'
import { linkToString, type Link } from '@turnpike/core/link'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { verifyBlock } from '@turnpike/gateway/blocks/verify'
import { BlockRefused } from '../index-url/index-car.ts'
import type { AddedRoot, AddProgress, AddResult } from './add.ts'
import { AddAborted } from './errors.ts'
import type { Packer } from './packer.ts'
import { FileReader, openFile } from './read-file.ts'
import { runSession, type AddContext, type AddRefused } from './session.ts'

/** How to import. */
export interface ImportOptions {
  /** Called after each MiB or so. */
  readonly onProgress?: (progress: AddProgress) => void
  readonly signal?: AbortSignal
}

/** Why a CAR was not imported, by the name of what is wrong with it. */
export class CarRefused extends Error {
  override readonly name: AddRefused['name']
  readonly file: string
  /** CARs before it, which are imported. */
  readonly imported: number
  constructor(file: string, imported: number, why: AddRefused) {
    const before = imported === 0 ? '' : ` (CARs before it, which were added: ${imported})`
    super(`${file}: ${why.message}${before}`, { cause: why.cause })
    this.name = why.name
    this.file = file
    this.imported = imported
  }
}

/**
 * Imports every block of the CAR `file`, each checked against its CID first: all of them, or, when
 * one is bad or the file is cut, nothing. Blocks may be missing. Blocks of identity CIDs are left
 * out: their CID holds them.
 *
 * The CAR's roots become roots of the space, each needing all blocks of the CAR. Without any, the
 * shards that hold its blocks become roots by their CAR CIDs, so that they can be removed again.
 *
 * @example
 * const imported = await importCar(context, 'export.car')
 */
export async function importCar(
  context: AddContext,
  file: string,
  options: ImportOptions = {},
): Promise<Result<AddResult, AddRefused>> {
  const { signal, onProgress } = options
  if (signal?.aborted) return fail(new AddAborted(signal.reason))
  const path = resolve(file)
  const name = basename(path)
  let bytes = 0
  const onRead = (count: number): void => {
    bytes += count
    onProgress?.({ bytes, files: 0 })
  }
  const ended = await runSession(context, signal, async (packer) => {
    const roots = await importBlocks(path, packer, context.hasher, onRead, signal)
    packer.endRoots(roots, name, bytes)
    return roots
  })
  if (ended.error) return ended
  onProgress?.({ bytes, files: 1 })
  const { value, shardRoots, blocks, shards } = ended.ok
  const cids = value.length > 0 ? value.map(linkToString) : shardRoots
  const roots = cids.map((cid): AddedRoot => ({ cid, name, bytes }))
  return ok({ cid: cids.at(-1), roots, bytes, files: 1, blocks, shards })
}

/**
 * Imports CARs one after the other, each whole or not at all. Stops at the first that is refused:
 * those before it stay.
 *
 * @example
 * const imported = await importCars(context, ['one.car', 'two.car'])
 */
export async function importCars(
  context: AddContext,
  files: readonly string[],
  options: ImportOptions = {},
): Promise<Result<AddResult, CarRefused>> {
  let all: AddResult = { cid: undefined, roots: [], bytes: 0, files: 0, blocks: 0, shards: [] }
  for (const file of files) {
    const { bytes, files: count } = all
    const imported = await importCar(context, file, {
      ...options,
      onProgress: (one) =>
        options.onProgress?.({ bytes: bytes + one.bytes, files: count + one.files }),
    })
    if (imported.error) return fail(new CarRefused(file, count, imported.error))
    all = sumOf(all, imported.ok)
  }
  return ok(all)
}

function sumOf(a: AddResult, b: AddResult): AddResult {
  return {
    cid: b.cid ?? a.cid,
    roots: [...a.roots, ...b.roots],
    bytes: a.bytes + b.bytes,
    files: a.files + b.files,
    blocks: a.blocks + b.blocks,
    shards: [...a.shards, ...b.shards],
  }
}

/** Puts all blocks into the packer and returns the header's roots. */
async function importBlocks(
  path: string,
  packer: Packer,
  hasher: Hasher,
  onRead: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<readonly Link[]> {
  const reader = new FileReader(IMPORT_CHUNK_BYTES)
  const file = openFile(path)
  try {
    const car = await readCar(counted(reader.chunks(file, signal), onRead))
    if (car.error) throw car.error
    const { roots } = car.ok.header
    if (roots.length > CAR_ROOTS_MAX)
      throw new CarMalformed(0, `at most ${CAR_ROOTS_MAX} roots`, `${roots.length}`)
    packer.announce(roots)
    for await (const frame of car.ok.frames) {
      if (frame.error) throw frame.error
      const { link, bytes, offset } = frame.ok
      const verdict = verifyBlock(hasher, link.multihash, bytes)
      if (verdict !== 'good') throw new BlockRefused(link, offset, verdict)
      await packer.put({ link, bytes, kind: 'leaf' })
    }
    return roots
  } finally {
    file.close()
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead(chunk.length)
    yield chunk
  }
}
