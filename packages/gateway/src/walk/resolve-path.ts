/**
 * From a root and names to the node that they lead to. A path of n names loads n + 1 blocks, and
 * the HAMT shards on its way.
 * @module
 */
import { HAMT_DEPTH_MAX } from '@turnpike/core/limits'
import { type Link, linkToString } from '@turnpike/core/link'
import { type IpldStep, stepIpld } from './ipld.ts'
import type { FileNode, LoadedNode, Nodes, PbNode, WalkError } from './nodes.ts'
import { type Result, fail, ok } from '@turnpike/core/result'
import { hamtHash, hamtStep } from '@turnpike/core/unixfs/hamt-read'
import type { BlockSession } from '../blocks/session.ts'
import { RequestError } from '../errors.ts'
import { shorten } from '../parse-request.ts'

/** Where a path leads. */
export interface Resolved {
  readonly node: LoadedNode
  /** The root and what each name led to; the last is the node itself. */
  readonly roots: readonly Link[]
  /** Every block on the way in the order of loading, HAMT shards included, the last left out. */
  readonly trail: readonly Link[]
}

/** Follows `segments` from `root`. */
export async function resolvePath(
  nodes: Nodes,
  session: BlockSession,
  root: Link,
  segments: readonly string[],
): Promise<Result<Resolved, WalkError>> {
  const roots = [root]
  const trail: Link[] = []
  let node = await enter(nodes, session, root, segments)
  for (let next = 0; next < segments.length;) {
    if (node.error) return node
    trail.push(node.ok.link)
    const stepped: Result<IpldStep, WalkError> =
      node.ok.kind === 'other'
        ? await stepIpld(session, node.ok.link, segments, next)
        : await stepUnixfs(nodes, session, node.ok, segments, next, trail)
    if (stepped.error) return stepped
    roots.push(stepped.ok.link)
    next = stepped.ok.next
    node = await enter(nodes, session, stepped.ok.link, segments.slice(next))
  }
  return node.error ? node : ok({ node: node.ok, roots, trail })
}

/** Loads a node, unless the names that follow from there are denied. */
async function enter(
  nodes: Nodes,
  session: BlockSession,
  link: Link,
  names: readonly string[],
): Promise<Result<LoadedNode, WalkError>> {
  const denied = session.guard.path(link, names)
  return denied === undefined ? nodes.load(session, link) : fail(denied)
}

async function stepUnixfs(
  nodes: Nodes,
  session: BlockSession,
  from: FileNode,
  segments: readonly string[],
  index: number,
  trail: Link[],
): Promise<Result<IpldStep, WalkError>> {
  const stepped = await step(nodes, session, from, segments[index]!, trail)
  return stepped.error ? stepped : ok({ link: stepped.ok, next: index + 1 })
}

/** One name down from a node; shards passed on the way are added to `trail`. */
export async function step(
  nodes: Nodes,
  session: BlockSession,
  from: FileNode,
  segment: string,
  trail: Link[] = [],
): Promise<Result<Link, WalkError>> {
  if (from.kind === 'raw') return fail(notFound(from, segment))
  if (from.unixfs.type === 'hamt') return stepHamt(nodes, session, from, segment, trail)
  if (from.unixfs.type !== 'directory') return fail(notFound(from, segment))
  const index = from.node.indexOf(segment)
  return index < 0 ? fail(notFound(from, segment)) : ok(from.node.link(index))
}

async function stepHamt(
  nodes: Nodes,
  session: BlockSession,
  root: PbNode,
  segment: string,
  trail: Link[],
): Promise<Result<Link, WalkError>> {
  const hash = hamtHash(segment)
  let shard = root
  for (let level = 0; level <= HAMT_DEPTH_MAX; level++) {
    const found = hamtStep(shard.node, shard.unixfs, segment, hash, level)
    if (found.error) return found
    if (found.ok.found === 'nothing') return fail(notFound(root, segment))
    const link = shard.node.link(found.ok.linkIndex)
    if (found.ok.found === 'entry') return ok(link)
    const next = await nodes.load(session, link)
    if (next.error) return next
    if (next.ok.kind !== 'dag-pb' || next.ok.unixfs.type !== 'hamt') break
    trail.push(link)
    shard = next.ok
  }
  return fail(notFound(root, segment))
}

function notFound(from: LoadedNode, segment: string): RequestError {
  const cid = linkToString(from.link)
  return new RequestError('PathNotFound', `no link named "${shorten(segment)}" under ${cid}`)
}
