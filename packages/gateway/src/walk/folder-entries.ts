/**
 * The entries of a folder, from its links alone: no child is fetched.
 * @module
 */
import { DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { type HamtShape, hamtEntryName, hamtShape } from '@turnpike/core/unixfs/hamt-read'
import { type Nodes, type PbNode, type WalkError, decodePb } from './nodes.ts'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { BlockSession } from '../blocks/session.ts'
import type { Link } from '@turnpike/core/link'
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

/** A shard whose links are being followed. */
interface ShardFrame {
  readonly node: PbNode
  readonly shape: HamtShape
  index: number
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
  const walk = new HamtWalk(nodes, session)
  try {
    const entered = walk.enter(root)
    if (entered.error) return entered
    const entries: FolderEntry[] = []
    while (entries.length <= entriesMax) {
      const next = await walk.next()
      if (next.error) return next
      if (next.ok.entry === undefined) return ok({ entries, more: false })
      entries.push(next.ok.entry)
    }
    return ok({ entries: entries.slice(0, entriesMax), more: true })
  } finally {
    walk.close()
  }
}

/** Walks a sharded folder depth first, shards read ahead. */
class HamtWalk {
  readonly #nodes: Nodes
  readonly #session: BlockSession
  readonly #lookahead: Lookahead
  readonly #frames: ShardFrame[] = []

  constructor(nodes: Nodes, session: BlockSession) {
    this.#nodes = nodes
    this.#session = session
    this.#lookahead = new Lookahead(session)
  }

  close(): void {
    this.#lookahead.close()
  }

  enter(node: PbNode): Result<PbNode, WalkError> {
    if (node.unixfs.type !== 'hamt')
      return fail(new MalformedBlock(`shard expected a HAMT node, got ${node.unixfs.type}`))
    if (this.#frames.length >= DAG_DEPTH_MAX)
      return fail(new MalformedBlock(`HAMT expected to be at most ${DAG_DEPTH_MAX} deep`))
    const shape = hamtShape(node.unixfs)
    if (shape.error) return shape
    this.#frames.push({ node, shape: shape.ok, index: 0 })
    return ok(node)
  }

  async next(): Promise<Result<{ readonly entry?: FolderEntry }, WalkError>> {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const { node } = frame.node
      if (frame.index >= node.linkCount) {
        this.#frames.pop()
        continue
      }
      const i = frame.index++
      const name = hamtEntryName(node, frame.shape, i)
      const link = node.link(i)
      if (name !== undefined) return ok({ entry: { name, link, tsizeBytes: node.tsize(i) } })
      const entered = await this.#descend(link)
      if (entered.error) return entered
    }
    return ok({})
  }

  async #descend(link: Link): Promise<Result<PbNode, WalkError>> {
    const kept = this.#nodes.kept(this.#session, link)
    if (kept !== undefined) return this.enter(kept)
    const taken = await this.#lookahead.take(link, () => this.#upcoming())
    if (taken.error) return taken
    const decoded = decodePb(link, taken.ok.bytes.slice())
    taken.ok.release()
    return decoded.error ? decoded : this.enter(decoded.ok)
  }

  *#upcoming(): Generator<Link> {
    for (const frame of this.#frames.toReversed())
      for (let i = frame.index; i < frame.node.node.linkCount; i++)
        if (hamtEntryName(frame.node.node, frame.shape, i) === undefined)
          yield frame.node.node.link(i)
  }
}
