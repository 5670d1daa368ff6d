/**
 * The frame around whatever fills a stage: locks, packer, commit, and cleaning up.
 * @module
 */
import { CAR, linkToString } from '@turnpike/core/link'
import { FILES_LOCK_WAIT_MS } from '@turnpike/core/limits/store'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { EntryRefused } from '@turnpike/core/unixfs/directory'
import { CarMalformed } from '@turnpike/core/car/decode'
import { datingClock } from '../billing/dating.ts'
import { noRoom, StoreFault } from '../blobs/store-fault.ts'
import { isFull } from '../catalog/database.ts'
import { SpaceUnknown, spaceId } from '../catalog/spaces.ts'
import { takeLock } from '../folder/lock.ts'
import type { FolderOptions, FolderOwner, FolderReader } from '../folder/open.ts'
import { commitStage, type Committed, type CommitRefused } from './commit.ts'
import { BlockRefused } from '../index-url/index-car.ts'
import { AddAborted, FolderBusy, PathRefused } from './errors.ts'
import { Packer, type Packed } from './packer.ts'
import { Stage } from './stage.ts'

/** What adding needs: a folder, owned or not, and a way to its owner. */
export interface AddContext extends Pick<FolderReader, 'paths' | 'catalog' | 'blobs'> {
  readonly hasher: Hasher
  /** The space that the content goes to. */
  readonly space: SpaceDid
  /** Has the owner commit a stage: `commitStage` here, or a message to the process that owns. */
  commit(stage: string): Promise<Result<Committed, CommitRefused>>
}

/**
 * What adding needs when this process owns the folder, and may write on this thread.
 *
 * @example
 * await addPaths(ownerContext(folder, { clock, hasher }), ['./site'])
 */
export function ownerContext(
  folder: FolderOwner,
  { clock, hasher }: FolderOptions,
  space: SpaceDid = folder.space.did(),
): AddContext {
  const { paths, catalog, blobs, gateway } = folder
  const dating = datingClock(folder, clock)
  const commit = (stage: string): ReturnType<AddContext['commit']> =>
    commitStage({ catalog, blobs, gateway, paths, clock: dating }, stage)
  return { paths, catalog, blobs, hasher, space, commit }
}

/** Why nothing was added. */
export type AddRefused =
  | PathRefused
  | BlockRefused
  | EntryRefused
  | CarMalformed
  | StoreFault
  | FolderBusy
  | AddAborted
  | CommitRefused

/** A shard, as told to people and scripts. */
export interface AddedShard {
  /** Its CAR CID. */
  readonly cid: string
  readonly bytes: number
  /** False when the store held it already. */
  readonly new: boolean
}

/** What a session did. */
export interface SessionEnd<T> {
  readonly value: T
  /** Distinct blocks that were stored; blocks that the space had are not counted. */
  readonly blocks: number
  readonly shards: readonly AddedShard[]
  /** CIDs of shards that became roots, since there were no others. */
  readonly shardRoots: readonly string[]
}

/**
 * Runs `fill` with a packer and commits what it packed: all of it, or nothing.
 *
 * @throws whatever `fill` throws that is no expected refusal
 */
export async function runSession<T>(
  context: AddContext,
  signal: AbortSignal | undefined,
  fill: (packer: Packer) => Promise<T>,
): Promise<Result<SessionEnd<T>, AddRefused>> {
  const known = spaceId(context.catalog, context.space)
  if (known.error) return known
  const lock = await takeLock(context.paths.filesLock, 'shared', FILES_LOCK_WAIT_MS, signal).catch(
    (cause: unknown) => new AddAborted(cause),
  )
  if (lock instanceof AddAborted) return fail(lock)
  if (lock === undefined) return fail(new FolderBusy('a gc'))
  try {
    return await staged(context, signal, fill)
  } finally {
    lock.release()
  }
}

async function staged<T>(
  context: AddContext,
  signal: AbortSignal | undefined,
  fill: (packer: Packer) => Promise<T>,
): Promise<Result<SessionEnd<T>, AddRefused>> {
  const stage = new Stage(context.paths.stages, context.space)
  try {
    const packer = new Packer({ ...context, stage })
    let packed: Packed
    let value: T
    try {
      value = await fill(packer)
      signal?.throwIfAborted()
      packed = await packer.finish()
    } catch (error) {
      await packer.abort()
      const refused = refusal(error, signal)
      if (refused === undefined) throw error
      return fail(refused)
    }
    stage.close()
    const committed = await context.commit(stage.id)
    if (committed.error) return committed
    const shards = packed.shards.map((shard): AddedShard => ({
      cid: linkToString({ version: 1, codec: CAR, multihash: shard.multihash }),
      bytes: shard.sizeBytes,
      new: shard.isNew,
    }))
    const shardRoots = packed.shardRoots.map(linkToString)
    return ok({ value, blocks: packed.blocks, shards, shardRoots })
  } finally {
    stage.discard()
  }
}

function refusal(error: unknown, signal: AbortSignal | undefined): AddRefused | undefined {
  if (signal?.aborted && error === signal.reason) return new AddAborted(error)
  if (isFull(error)) return noRoom(error)
  const expected = [PathRefused, BlockRefused, EntryRefused, CarMalformed, StoreFault, SpaceUnknown]
  return expected.some((kind) => error instanceof kind) ? (error as AddRefused) : undefined
}
