/**
 * Checks a whole log: every entry, hash, tile, SEAL and row against the committed root.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import type { SealEntry } from '@turnpike/core/log/entry'
import { rowsPath } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import { Frontier } from '@turnpike/core/merkle/frontier'
import { leafHash, subtreeRoot } from '@turnpike/core/merkle/hash'
import { TILE_WIDTH, bundlePath, fullTiles, tilePath } from '@turnpike/core/merkle/tile'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { epochEndMs } from '@turnpike/core/billing/epoch'
import { EntriesDropped, LogCorrupt } from './errors.ts'
import { LogReader, decodeLogged } from './reader.ts'
import type { EpochRange } from './reader.ts'
import { sealedRows, sealedSums } from './retention/check-sums.ts'
import { readKept } from './retention/kept.ts'
import { checkEdge, readTile } from './right-edge.ts'
import { decodeState, emptyState } from './state.ts'
import type { LogState, OpenEpoch } from './state.ts'
import { SealChain } from './seal-chain.ts'
import { SummaryCount, voidedBy } from './summary-count.ts'

/** What a log that was checked holds. */
export interface LogReport {
  readonly size: number
  readonly root: Uint8Array
  /** Sealed epochs. */
  readonly epochs: number
}

/**
 * Reads the whole log and recomputes everything in it, as far as its entries are kept; of older
 * epochs it checks hashes, SEALs, rows and sums. Memory doesn't grow with the log.
 *
 * @example
 * const { ok: report, error } = await checkLog(store, hasher)
 */
export async function checkLog(
  store: LogStore,
  hasher: Hasher,
): Promise<Result<LogReport, LogCorrupt>> {
  try {
    const committed = await store.load()
    const state =
      committed === undefined ? emptyState(hasher) : decodeState(hasher, committed.bytes)
    await checkEdge(store, hasher, state)
    await checkTiles(store, hasher, state)
    const epochs = await checkEntries(store, hasher, state)
    return ok({ size: state.size, root: state.root, epochs })
  } catch (error) {
    if (error instanceof LogCorrupt) return fail(error)
    throw error
  }
}

/** Each full tile folds to the hash that the level above has for it. */
async function checkTiles(store: LogStore, hasher: Hasher, state: LogState): Promise<void> {
  for (let level = 0; fullTiles(state.size, level) > 0; level++) {
    for (let index = 0; index < fullTiles(state.size, level); index++) {
      const above = Math.floor(index / TILE_WIDTH)
      const tile =
        above < fullTiles(state.size, level + 1)
          ? await readTile(store, level + 1, above)
          : state.tiles[level + 1]!
      const start = (index % TILE_WIDTH) * HASH_BYTES
      const root = subtreeRoot(hasher, await readTile(store, level, index))
      if (!bytesEqual(root, tile.subarray(start, start + HASH_BYTES)))
        throw new LogCorrupt(tilePath(level, index), 'all', 'expected the hash in the level above')
    }
  }
}

/** Entries hash to the root, and each epoch ends with the SEAL that it should have. */
async function checkEntries(store: LogStore, hasher: Hasher, state: LogState): Promise<number> {
  const reader = new LogReader(store, hasher, state)
  const tree = new Frontier(hasher)
  const { from } = await readKept(store, hasher)
  const old = await checkOldEpochs(reader, tree, from)
  const count = await SummaryCount.from(reader, from, from)
  let { epochs, previous } = old
  let start = { first: tree.size, firstRoot: tree.root() }
  for await (const run of reader.runs(from, state.size)) {
    for (const [i, bytes] of run.entries.entries()) {
      const logged = decodeLogged(run.first + i, bytes)
      tree.append(leafHash(hasher, bytes))
      if (logged.kind !== 'seal') {
        count.add(logged, await voidedBy(reader, logged))
        continue
      }
      const rows = count.rows({ bytes: (length) => new Uint8Array(length) })
      checkSeal(run.first + i, logged.entry, previous, start)
      await checkRows(store, hasher, logged.entry, rows)
      count.endEpoch()
      epochs++
      previous = logged.entry
      start = { first: tree.size, firstRoot: tree.root() }
    }
  }
  if (!bytesEqual(tree.root(), state.root))
    throw new LogCorrupt('state', 'root', 'expected the root of all entries, got another')
  checkEpochs(state, previous, start)
  return epochs
}

/** Epochs whose entries may be gone: their hashes, SEALs, rows and sums are there. */
async function checkOldEpochs(
  reader: LogReader,
  tree: Frontier,
  from: number,
): Promise<{ epochs: number; previous: SealEntry | undefined }> {
  let epochs = 0
  let previous: SealEntry | undefined
  const sealed = await new SealChain().sealedFrom(reader, 0)
  for (const range of sealed.filter(({ end }) => end <= from)) {
    const start = { first: tree.size, firstRoot: tree.root() }
    for await (const leaf of leavesOf(reader, range)) tree.append(leaf)
    const seal = await reader.seal(range.end)
    checkSeal(range.end - 1, seal, previous, start)
    await sealedSums(reader, range)
    epochs++
    previous = seal
  }
  return { epochs, previous }
}

/** Leaf hashes of an epoch, checked against those of its entries that are still there. */
async function* leavesOf(reader: LogReader, range: EpochRange): AsyncGenerator<Uint8Array> {
  for (let index = range.first; index < range.end; index++) {
    const start = index % TILE_WIDTH
    const tile = Math.floor(index / TILE_WIDTH)
    const isFull = tile < fullTiles(reader.state.size, 0)
    const { store, state } = reader
    const hashes = isFull ? await readTile(store, 0, tile) : state.tiles[0]!
    // Reads the bundle, which checks all of it, once for each tile.
    await reader.entry(index).catch(unlessDropped)
    const width = Math.min(TILE_WIDTH - start, range.end - index)
    for (let i = start; i < start + width; i++)
      yield hashes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)
    index += width - 1
  }
}

function unlessDropped(error: unknown): void {
  if (!(error instanceof EntriesDropped)) throw error
}

function checkSeal(
  index: number,
  seal: SealEntry,
  previous: SealEntry | undefined,
  start: Pick<OpenEpoch, 'first' | 'firstRoot'>,
): void {
  const checks: readonly (readonly [field: string, right: boolean])[] = [
    ['first', seal.first === start.first],
    ['end', seal.end === index + 1],
    ['previousRoot', bytesEqual(seal.previousRoot, start.firstRoot)],
    ['previousEpoch', seal.previousEpoch === (previous?.epoch ?? null)],
    ['epoch', seal.epoch > (previous?.epoch ?? -1)],
    ['sealed', seal.sealed >= epochEndMs(seal.epoch)],
  ]
  const wrong = checks.find(([, right]) => !right)
  if (wrong === undefined) return
  const file = bundlePath(Math.floor(index / TILE_WIDTH))
  throw new LogCorrupt(file, `entry ${index % TILE_WIDTH}`, `SEAL has a wrong "${wrong[0]}"`)
}

/** The rows that are kept are those that the SEAL names, and say what the entries add up to. */
async function checkRows(
  store: LogStore,
  hasher: Hasher,
  seal: SealEntry,
  counted: readonly SummaryRow[],
): Promise<void> {
  const path = rowsPath(seal.epoch)
  const rows = await sealedRows(store, hasher, seal)
  const different = counted.findIndex((row, i) => !sameSums(row, rows[i]))
  if (different !== -1 || counted.length !== rows.length)
    throw new LogCorrupt(path, `row ${different}`, 'expected the sums of the entries, got others')
}

function sameSums(a: SummaryRow, b: SummaryRow | undefined): boolean {
  return (
    b !== undefined &&
    a.space === b.space &&
    a.provider === b.provider &&
    a.region === b.region &&
    a.bytes === b.bytes &&
    a.bytesFetched === b.bytesFetched &&
    a.reads === b.reads &&
    a.denied === b.denied &&
    a.executions === b.executions &&
    a.bytesVoided === b.bytesVoided
  )
}

/** What the state says of its epochs is what the entries say. */
function checkEpochs(
  state: LogState,
  last: SealEntry | undefined,
  start: Pick<OpenEpoch, 'first' | 'firstRoot'>,
): void {
  const { open, sealed } = state
  if (sealed?.epoch !== last?.epoch || sealed?.end !== last?.end)
    throw new LogCorrupt('state', 'sealed', 'expected the last SEAL, got another')
  if ((open === null) !== (state.size === start.first))
    throw new LogCorrupt('state', 'open', 'expected an open epoch exactly after new entries')
  if (open === null) return
  const sameStart = open.first === start.first && bytesEqual(open.firstRoot, start.firstRoot)
  if (!sameStart || open.epoch <= (last?.epoch ?? -1))
    throw new LogCorrupt('state', 'open', 'expected the epoch after the last SEAL, got another')
}
