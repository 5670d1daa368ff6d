/**
 * Epochs in a statement bundle: the sealed ones by their rows, the open one entry by entry.
 * Docs: docs/reference/statement-bundle.md.
 * @module
 */
import { anchorPath } from '@turnpike/core/epochs/anchor-file'
import { finalPath } from '@turnpike/core/epochs/final-file'
import { rootPath } from '@turnpike/core/epochs/root-file'
import { encodeSeal } from '@turnpike/core/log/encode'
import type { SealEntry } from '@turnpike/core/log/entry'
import { encodeRow } from '@turnpike/core/log/summary'
import { leafHash } from '@turnpike/core/merkle/hash'
import { multiProof } from '@turnpike/core/merkle/multi-proof'
import { encodeBase64 } from '@turnpike/core/note/base64'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import { summaryRows } from '../epochs/statements.ts'
import { consistencyProof, multiInclusionProof } from '../proofs.ts'
import type { EpochRange, LogReader } from '../reader.ts'
import { ownedEntries } from './owned-entries.ts'
import type { ListingBounds } from './owned-entries.ts'
import { partJson } from './part.ts'
import type { Leaf, PartJson } from './part.ts'

/** A sealed epoch in JSON. */
export interface EpochPartJson {
  readonly epoch: number
  /** Whether all entries of the spaces are there, or only the SEAL. */
  readonly listed: boolean
  readonly entries: PartJson
  readonly rows: { readonly size: number } & PartJson
  readonly consistency: readonly string[]
  /** Files of the epoch as they were published; null for those that are not yet. */
  readonly root: string | null
  readonly anchor: string | null
  readonly final: string | null
}

/** The open epoch in JSON. */
export interface OpenPartJson {
  readonly epoch: number
  readonly entries: PartJson
}

/** What parts are made from. */
export interface PartSources {
  readonly reader: LogReader
  readonly files: Pick<EpochFiles, 'get'>
  readonly bounds: ListingBounds
  /** Whether sealed epochs list their entries. */
  readonly listsEntries: boolean
}

const utf8 = new TextDecoder()

/**
 * A sealed epoch's rows of some spaces, with what leads from them to the log's root.
 *
 * @throws {BundleRefused} when its entries are to be listed and are too many, or gone
 * @throws {LogCorrupt} when a file of the log is missing or altered
 */
export async function sealedPart(
  seal: SealEntry,
  spaces: ReadonlySet<string>,
  sources: PartSources,
): Promise<EpochPartJson> {
  const { reader, listsEntries } = sources
  const { epoch, end } = seal
  const leaves = listsEntries
    ? await ownedEntries(reader, { ...seal, end: end - 1 }, spaces, sources.bounds)
    : []
  leaves.push({ index: end - 1, bytes: encodeSeal(seal) })
  const [root, anchor, final] = await Promise.all(
    [rootPath, anchorPath, finalPath].map((pathOf) => textOf(sources, pathOf(epoch))),
  )
  return {
    epoch,
    listed: listsEntries,
    entries: await entriesPart(reader, leaves, end),
    rows: await rowsPart(reader, seal, spaces),
    consistency: (await consistencyProof(reader, end)).map(encodeBase64),
    root: root!,
    anchor: anchor!,
    final: final!,
  }
}

/**
 * Entries of some spaces in the epoch that is open, and the last SEAL, which says where it begins.
 *
 * @throws {BundleRefused} when they are too many: it gets a row for each once it is sealed
 * @throws {LogCorrupt} when a file of the log is missing or altered
 */
export async function openPart(
  range: EpochRange,
  spaces: ReadonlySet<string>,
  { reader, bounds }: PartSources,
): Promise<OpenPartJson> {
  const { epoch, first } = range
  const leaves = await ownedEntries(reader, range, spaces, bounds)
  if (first > 0) {
    const seal = { index: first - 1, bytes: encodeSeal(await reader.seal(first)) }
    leaves.push(seal)
    leaves.sort((a, b) => a.index - b.index)
  }
  return { epoch, entries: await entriesPart(reader, leaves, reader.state.size) }
}

async function entriesPart(
  reader: LogReader,
  leaves: readonly Leaf[],
  size: number,
): Promise<PartJson> {
  const indexes = leaves.map(({ index }) => index)
  return partJson(leaves, await multiInclusionProof(reader, indexes, size))
}

async function rowsPart(
  { store, hasher }: LogReader,
  seal: SealEntry,
  spaces: ReadonlySet<string>,
): Promise<EpochPartJson['rows']> {
  const rows = await summaryRows(store, hasher, seal)
  const encoded = rows.map(encodeRow)
  const leaves = encoded
    .map((bytes, index) => ({ index, bytes }))
    .filter(({ index }) => spaces.has(rows[index]!.space))
  const hashes = encoded.map((bytes) => leafHash(hasher, bytes))
  const indexes = leaves.map(({ index }) => index)
  return { size: rows.length, ...partJson(leaves, multiProof(hasher, hashes, indexes)) }
}

async function textOf({ files }: PartSources, path: string): Promise<string | null> {
  const bytes = await files.get(path)
  return bytes === undefined ? null : utf8.decode(bytes)
}
