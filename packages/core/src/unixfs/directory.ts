/**
 * Folders: basic below the profile's threshold, a HAMT above it.
 * @module
 */
import { compareBytes, keyOf } from '../bytes.ts'
import { cidLength, encodePbNode, pbLinkLength } from '../dag-pb/encode.ts'
import type { PbLink } from '../dag-pb/encode.ts'
import { ENTRY_NAME_BYTES_MAX } from '../limits.ts'
import { FOLDER_ENTRIES_MAX } from '../limits/store.ts'
import { linkToBytes } from '../link.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok } from '../result.ts'
import type { Result, Unit } from '../result.ts'
import { interiorBlock } from './block.ts'
import type { DagNode, UnixfsBlock } from './block.ts'
import { dataFieldLength, directoryData } from './encode.ts'
import type { UnixfsMetadata } from './encode.ts'
import { type HeldEntry, compareHashed, hamtBlocks, nodeOf } from './hamt-build.ts'
import { hamtHash } from './hamt-read.ts'
import type { UnixfsProfile } from './profile.ts'

/** A folder can't hold an entry; `entry` is its name. */
export class EntryRefused extends Error {
  override readonly name: 'EntryNameInvalid' | 'EntryNameTaken' | 'EntryHashTaken' | 'FolderFull'
  readonly entry: string
  constructor(name: EntryRefused['name'], entry: string, message: string) {
    super(message)
    this.name = name
    this.entry = entry
  }
}

const utf8 = new TextEncoder()

function invalid(name: string, expected: string): EntryRefused {
  const message = `name ${JSON.stringify(name)} expected ${expected}: rename it, or leave it out`
  return new EntryRefused('EntryNameInvalid', name, message)
}

/**
 * What is wrong with an entry's name, or undefined when nothing is (UnixFS specification,
 * "Restricted Names").
 *
 * @example
 * checkEntryName('..')?.name // 'EntryNameInvalid'
 */
export function checkEntryName(name: string): EntryRefused | undefined {
  if (name === '' || name === '.' || name === '..')
    return invalid(name, 'to be neither empty nor "." nor ".."')
  if (name.includes('/') || name.includes('\0')) return invalid(name, 'no "/" and no NUL')
  if (!name.isWellFormed()) return invalid(name, 'to be UTF-8')
  // A UTF-16 unit takes at most three bytes, so most names need no encoding to be measured.
  const short = name.length * 3 <= ENTRY_NAME_BYTES_MAX
  if (!short && utf8.encode(name).length > ENTRY_NAME_BYTES_MAX)
    return invalid(name, `at most ${ENTRY_NAME_BYTES_MAX} bytes`)
  return undefined
}

/** Bytes that an entry adds to its folder, as the profile counts them. */
function measure(profile: UnixfsProfile, link: PbLink): number {
  return profile.hamtMeasure === 'block'
    ? pbLinkLength(link)
    : link.name.length + cidLength(link.link)
}

function pbLinkOf(name: string, { link, dagBytes }: DagNode): PbLink {
  return { link, name: utf8.encode(name), tsize: dagBytes }
}

/**
 * Collects one folder's entries, in any order, and makes its blocks.
 *
 * @example
 * const folder = new FolderBuilder(profile, hasher)
 * const refused = folder.add('a.txt', file).error
 * const blocks = folder.finish()
 * if (blocks.ok) for (const block of blocks.ok) store(block) // the last one is the root
 */
export class FolderBuilder {
  readonly #profile: UnixfsProfile
  readonly #hasher: Hasher
  readonly #metadata: UnixfsMetadata
  readonly #entriesMax: number
  readonly #entries = new Map<string, HeldEntry>()
  #linkBytes = 0

  constructor(
    profile: UnixfsProfile,
    hasher: Hasher,
    metadata: UnixfsMetadata = {},
    entriesMax: number = FOLDER_ENTRIES_MAX,
  ) {
    this.#profile = profile
    this.#hasher = hasher
    this.#metadata = metadata
    this.#entriesMax = entriesMax
  }

  /** Adds an entry. Refused, changing nothing, if its name is invalid or taken, or it is full. */
  add(name: string, node: DagNode): Result<Unit, EntryRefused> {
    const error = checkEntryName(name)
    if (error) return fail(error)
    if (this.#entries.has(name))
      return fail(new EntryRefused('EntryNameTaken', name, `"${name}" is in the folder already`))
    if (this.#entries.size >= this.#entriesMax) {
      const message = `folder expected <= ${this.#entriesMax} entries: split it`
      return fail(new EntryRefused('FolderFull', name, message))
    }
    const cid = keyOf(linkToBytes(node.link))
    this.#entries.set(name, { name, cid, dagBytes: node.dagBytes })
    this.#linkBytes += measure(this.#profile, pbLinkOf(name, node))
    return ok({})
  }

  /**
   * The folder's blocks, encoded as they are taken; each comes after those it links to, the root
   * comes last and is returned too. Fails when two names of a HAMT have the same hash, which
   * happens by intent only.
   */
  finish(): Result<Generator<UnixfsBlock, UnixfsBlock>, EntryRefused> {
    const data = directoryData(this.#metadata)
    const dataBytes = this.#profile.hamtMeasure === 'block' ? dataFieldLength(data) : 0
    return this.#linkBytes + dataBytes > this.#profile.hamtThresholdBytes
      ? this.#sharded()
      : ok(this.#basic(data))
  }

  *#basic(data: readonly Uint8Array[]): Generator<UnixfsBlock, UnixfsBlock> {
    const links = Array.from(this.#entries.values(), (entry) =>
      pbLinkOf(entry.name, nodeOf(entry)),
    ).sort((a, b) => compareBytes(a.name, b.name))
    const belowBytes = links.reduce((sum, link) => sum + link.tsize, 0)
    const bytes = encodePbNode(links, data)
    const root = interiorBlock(this.#profile, this.#hasher, bytes, 0, belowBytes)
    yield root
    return root
  }

  #sharded(): Result<Generator<UnixfsBlock, UnixfsBlock>, EntryRefused> {
    const entries = Array.from(this.#entries.values(), (entry) => ({
      entry,
      hash: keyOf(hamtHash(entry.name)),
    })).sort(compareHashed)
    for (let i = 1; i < entries.length; i++) {
      if (entries[i - 1]!.hash !== entries[i]!.hash) continue
      const [a, b] = [entries[i - 1]!.entry.name, entries[i]!.entry.name]
      const message = `"${a}" and "${b}" expected different hashes: rename one of them`
      return fail(new EntryRefused('EntryHashTaken', b, message))
    }
    return ok(hamtBlocks(this.#profile, this.#hasher, entries, this.#metadata))
  }
}
