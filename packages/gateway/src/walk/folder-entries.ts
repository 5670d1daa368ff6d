/**
 * The entries of a folder, from its links alone: no child is fetched.
 * @module
 */
import { copyBytes, keyOf } from '@turnpike/core/bytes'
import { HAMT_SHARDS_MAX } from '@turnpike/core/limits'
import { hamtEntryName, hamtShape } from '@turnpike/core/unixfs/hamt-read'
import { type Nodes, type PbNode, type WalkError, decodePb } from './nodes.ts'
import { type Result, type Unit, fail, ok } from '@turnpike/core/result'
import type { BlockSession } from '../blocks/session.ts'
import { type Link, linkToString } from '@turnpike/core/link'
import { Lookahead } from '../blocks/lookahead.ts'
import { MalformedBlock } from '@turnpike/core/malformed'

/** One entry of a folder. */
export interface FolderEntry {
  readonly name: string
  readonly link: Link
  /** Size that the folder's author claims for it, blocks and all. */
  readonly tsizeBytes: number
}

/** Entries of a folder, and whether there are more than were asked for. */
export interface FolderEntries {
  readonly entries: readonly FolderEntry[]
  readonly more: boolean
}

/**
 * Up to `entriesMax` entries of a folder, sorted by name. A sharded folder's shards are loaded, in
 * few range reads since they lie together.
 */
export async function folderEntries(
  nodes: Nodes,
  session: BlockSession,
  folder: PbNode,
  entriesMax: number,
): Promise<Result<FolderEntries, WalkError>> {
  const listed =
    folder.unixfs.type === 'hamt'
      ? await hamtEntries(nodes, session, folder, entriesMax)
      : plainEntries(folder, entriesMax)
  if (listed.error) return listed
  const entries = listed.ok.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return ok({ entries, more: listed.ok.more })
}

function plainEntries(folder: PbNode, entriesMax: number): Result<FolderEntries, WalkError> {
  const { node } = folder
  const count = Math.min(node.linkCount, entriesMax)
  const entries = Array.from({ length: count }, (_, i) => ({
    name: node.name(i),
    link: node.link(i),
    tsizeBytes: node.tsize(i),
  }))
  return ok({ entries, more: node.linkCount > entriesMax })
}

async function hamtEntries(
  nodes: Nodes,
  session: BlockSession,
  root: PbNode,
  entriesMax: number,
): Promise<Result<FolderEntries, WalkError>> {
  const shards = new ShardQueue(nodes, session, root)
  const entries: FolderEntry[] = []
  try {
    for (let shard = await shards.next(); ; shard = await shards.next()) {
      if (shard.error) return shard
      if (shard.ok.node === undefined) return ok({ entries, more: false })
      const added = shards.open(shard.ok.node, entries)
      if (added.error) return added
      if (entries.length > entriesMax)
        return ok({ entries: entries.slice(0, entriesMax), more: true })
    }
  } finally {
    shards.close()
  }
}

/**
 * The shards of a folder, level by level. Depth first, the few shards of a lower level would be
 * fetched one by one; level by level they are joined (10,000 entries: 240 range reads, now 5).
 */
class ShardQueue {
  readonly #nodes: Nodes
  readonly #session: BlockSession
  readonly #lookahead: Lookahead
  readonly #links: Link[] = []
  readonly #seen = new Set<string>()
  #root: PbNode | undefined
  #next = 0

  constructor(nodes: Nodes, session: BlockSession, root: PbNode) {
    this.#nodes = nodes
    this.#session = session
    this.#lookahead = new Lookahead(session)
    this.#root = root
  }

  close(): void {
    this.#lookahead.close()
  }

  /** The next shard; none at the end. */
  async next(): Promise<Result<{ readonly node?: PbNode }, WalkError>> {
    const root = this.#root
    this.#root = undefined
    if (root !== undefined) return ok({ node: root })
    const link = this.#links[this.#next++]
    if (link === undefined) return ok({})
    // No two shards of a folder are alike; if they were, a few could be nested without end.
    const key = keyOf(link.multihash)
    if (this.#seen.has(key))
      return fail(new MalformedBlock(`${linkToString(link)}: expected once in a folder, got twice`))
    this.#seen.add(key)
    const kept = this.#nodes.kept(this.#session, link)
    if (kept !== undefined) {
      this.#lookahead.skip(link)
      return ok({ node: kept })
    }
    const taken = await this.#lookahead.take(link, () => this.#upcoming())
    if (taken.error) return taken
    const decoded = decodePb(link, copyBytes(taken.ok.bytes))
    taken.ok.release()
    return decoded.error ? decoded : ok({ node: decoded.ok })
  }

  /** Adds a shard's entries to `entries`, and the shards below it to the queue. */
  open({ node, unixfs }: PbNode, entries: FolderEntry[]): Result<Unit, WalkError> {
    if (unixfs.type !== 'hamt')
      return fail(new MalformedBlock(`shard expected a HAMT node, got ${unixfs.type}`))
    const shape = hamtShape(unixfs)
    if (shape.error) return shape
    for (let i = 0; i < node.linkCount; i++) {
      const name = hamtEntryName(node, shape.ok, i)
      if (name !== undefined) entries.push({ name, link: node.link(i), tsizeBytes: node.tsize(i) })
      else if (this.#links.push(node.link(i)) > HAMT_SHARDS_MAX)
        return fail(new MalformedBlock(`folder expected <= ${HAMT_SHARDS_MAX} shards`))
    }
    return ok({})
  }

  *#upcoming(): Generator<Link> {
    for (let i = this.#next; i < this.#links.length; i++) yield this.#links[i]!
  }
}
