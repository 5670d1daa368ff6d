/**
 * Takes CARs that were indexed where they lie into the catalog.
 * @module
 */
import { FILES_LOCK_WAIT_MS } from '@turnpike/core/limits/store'
import { CAR, type Link } from '@turnpike/core/link'
import { takeLock, type Lock } from '../folder/lock.ts'
import type { CarSource, IndexDraft, IndexedCar, IndexSink } from '../index-url/sink.ts'
import { FolderBusy } from './errors.ts'
import type { AddContext } from './session.ts'
import { Stage } from './stage.ts'

/**
 * A sink for `indexCar`: each CAR becomes a blob of the space, with its site, in one commit. Its
 * roots become roots of the space; without any, its own CAR CID does.
 *
 * @throws from `begin` a {@link FolderBusy}, from `commit` a `CommitRefused`
 * @example
 * await indexCar({ reader, random, hasher, sink: catalogSink(context) }, source, { signal })
 */
export function catalogSink(context: Pick<AddContext, 'paths' | 'space' | 'commit'>): IndexSink {
  return {
    async begin(source: CarSource): Promise<IndexDraft> {
      const lock = await takeLock(context.paths.filesLock, 'shared', FILES_LOCK_WAIT_MS)
      if (lock === undefined) throw new FolderBusy('a gc')
      return draft(context, source, lock)
    },
  }
}

const NO = 0

function draft(
  context: Pick<AddContext, 'paths' | 'space' | 'commit'>,
  source: CarSource,
  lock: Lock,
): IndexDraft {
  const stage = new Stage(context.paths.stages, context.space)
  const end = (): void => {
    stage.discard()
    lock.release()
  }
  return {
    slices: (batch) => stage.addSlices(NO, batch),
    async commit({ multihash, sizeBytes, site, roots }: IndexedCar): Promise<void> {
      try {
        stage.addShard(NO, { multihash, sizeBytes, sites: [site], interior: false }, [])
        const own: Link = { version: 1, codec: CAR, multihash }
        for (const link of roots.length > 0 ? roots : [own])
          stage.addRoot({
            link,
            name: nameOf(source.site.url),
            bytes: sizeBytes,
            interior: false,
            shards: [NO],
            blobs: [],
          })
        stage.close()
        const committed = await context.commit(stage.id)
        if (committed.error) throw committed.error
      } finally {
        end()
      }
    },
    abort: end,
  }
}

/** Last segment of an address's path: never its query, which may hold a token. */
function nameOf(url: string): string {
  return URL.parse(url)?.pathname.split('/').at(-1) ?? ''
}
