/**
 * What a log says of its sealed epochs.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { encodeSeal } from '@turnpike/core/log/encode'
import type { SummaryRow } from '@turnpike/core/log/summary'
import { decodeRows, rowsPath, summaryRoot } from '@turnpike/core/log/summary'
import { leafHash } from '@turnpike/core/merkle/hash'
import { bundlePath, TILE_WIDTH } from '@turnpike/core/merkle/tile'
import { keyHashOf } from '@turnpike/core/note/key'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import type { SealedStatement } from '@turnpike/core/ports/epoch-store'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { checkpointFile } from '../checkpoint.ts'
import { LogCorrupt } from '../errors.ts'
import { rootAt } from '../proofs.ts'
import type { LogReader } from '../reader.ts'

/**
 * The statement of the epoch whose SEAL is the last entry before `end`.
 *
 * @throws {LogCorrupt} when there is no such SEAL, or it contradicts the tree
 * @example
 * const { statement } = await sealedStatement(reader, state.sealed.end, signer)
 */
export async function sealedStatement(
  reader: LogReader,
  end: number,
  signer: NoteSigner,
): Promise<SealedStatement> {
  const { hasher } = reader
  const seal = await reader.seal(end)
  const root = await rootAt(reader, end)
  if (!bytesEqual(await rootAt(reader, seal.first), seal.previousRoot))
    throw new LogCorrupt(
      bundlePath(Math.floor((end - 1) / TILE_WIDTH)),
      `entry ${(end - 1) % TILE_WIDTH}`,
      `expected the SEAL to have the root of the ${seal.first} entries before its epoch`,
    )
  const { bytes: checkpoint } = await checkpointFile({ size: end, root }, signer, hasher)
  const statement: EpochStatement = {
    logId: logIdOf(signer, hasher),
    origin: signer.name,
    epoch: seal.epoch,
    previousEpoch: seal.previousEpoch,
    first: seal.first,
    end,
    root,
    previousRoot: seal.previousRoot,
    sealLeaf: leafHash(hasher, encodeSeal(seal)),
    summaryRoot: seal.summaryRoot,
    checkpoint,
  }
  return { statement, sealedMs: seal.sealed }
}

/** What a log is known by, everywhere: the hash of its name and key. */
export function logIdOf({ name, publicKey }: NoteSigner, hasher: Hasher): Uint8Array {
  return keyHashOf({ name, kind: 'ed25519', publicKey }, hasher)
}

/**
 * Rows of an epoch's summary, as its SEAL has their root.
 *
 * @throws {LogCorrupt} when they are missing or others
 * @example
 * const rows = await summaryRows(store, hasher, statement)
 */
export async function summaryRows(
  store: LogStore,
  hasher: Hasher,
  statement: Pick<EpochStatement, 'epoch' | 'summaryRoot'>,
): Promise<readonly SummaryRow[]> {
  const path = rowsPath(statement.epoch)
  const bytes = await store.get(path)
  if (bytes === undefined) throw new LogCorrupt(path, 'all', 'expected summary rows, got none')
  const { ok: rows, error } = decodeRows(bytes)
  if (error !== undefined) throw new LogCorrupt(path, 'rows', error.message)
  if (!bytesEqual(summaryRoot(hasher, rows), statement.summaryRoot))
    throw new LogCorrupt(path, 'rows', 'expected those that the SEAL has the root of')
  return rows
}
