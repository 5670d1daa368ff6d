/**
 * What of a DAG a CAR holds, by the kind of thing at the end of the path.
 * Source: trustless gateway specification, `dag-scope` and `entity-bytes`.
 * @module
 */
import { type CarParams, entityRange } from './car-params.ts'
import { type Expand, expandAll, expandRange, expandShards } from '../walk/expand.ts'
import { type Result, ok } from '@turnpike/core/result'
import type { LoadedNode } from '../walk/nodes.ts'
import type { RequestError } from '../errors.ts'

/** How a walk goes on from a CAR's target; undefined: the target is all. */
export interface CarScope {
  readonly expand: Expand | undefined
}

const TARGET_ONLY: CarScope = { expand: undefined }

/**
 * Chooses how the walk for a CAR goes on from its target, a block of `blockBytes` bytes.
 *
 * @returns `InvalidRequest` when the bytes asked for are none of the file's
 */
export function expandFor(
  node: LoadedNode,
  blockBytes: number,
  { scope, bytes }: CarParams,
): Result<CarScope, RequestError> {
  if (scope === 'all') return ok({ expand: expandAll })
  if (scope === 'block' || node.kind === 'other') return ok(TARGET_ONLY)
  if (node.kind === 'dag-pb') {
    const { type } = node.unixfs
    if (type === 'hamt') return ok({ expand: expandShards })
    if (type !== 'file' && type !== 'raw') return ok(TARGET_ONLY)
  }
  const sizeBytes = node.kind === 'raw' ? blockBytes : node.unixfs.fileSizeBytes
  if (bytes === undefined || sizeBytes === 0) return ok({ expand: expandAll })
  const range = entityRange(bytes, sizeBytes)
  return range.error ? range : ok({ expand: expandRange(range.ok, 0) })
}
