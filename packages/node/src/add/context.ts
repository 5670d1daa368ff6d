/**
 * Adding from a command: into a folder that a server owns, or as its owner.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTROL_RETRY_MS, CONTROL_RETRY_MS_MAX } from '@turnpike/core/limits'
import { ok, type Result } from '@turnpike/core/result'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { findSpace } from '../authorize/space-keys.ts'
import type { SpaceUnknown } from '../catalog/spaces.ts'
import { callOwner } from '../control/client.ts'
import { openFolder, openFolderReader, type FolderReader } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import type { Whoami } from '../owner/operations.ts'
import { nodeClock } from '../runtime.ts'
import type { Committed } from './commit.ts'
import { ownerContext, type AddContext } from './session.ts'

/** What to add with, until it is closed. */
export interface OpenContext extends AddContext {
  close(): Promise<void>
}

/**
 * Opens the folder at `root` to add to a space, by DID or name; its default one unless told. While
 * a server owns it, files are read and hashed here and only the commit runs there.
 *
 * @example
 * const opened = await openToAdd('./data')
 * if (opened.ok) await addPaths(opened.ok, ['./site'])
 */
export async function openToAdd(root: string, space?: string): Promise<Result<OpenContext, Error>> {
  for (let waitedMs = 0; ; waitedMs += CONTROL_RETRY_MS) {
    const who = await callOwner(root, 'whoami', {})
    if (who.error === undefined) return besideOwner(root, who.ok as Whoami, space)
    if (who.error.name !== 'NobodyThere') return who
    const opened = await openFolder(root, { clock: nodeClock, hasher: nodeHasher })
    if (opened.ok) {
      const folder = opened.ok
      const options = { clock: nodeClock, hasher: nodeHasher }
      const target = spaceOf(folder, space, folder.space.did())
      if (target.ok) {
        const context = ownerContext(folder, options, target.ok.did)
        return ok({ ...context, close: () => folder.close() })
      }
      await folder.close()
      return target
    }
    // A server is starting or stopping there.
    const over = waitedMs >= CONTROL_RETRY_MS_MAX
    if (opened.error.name !== 'FolderInUse' || over) return opened
    await sleep(CONTROL_RETRY_MS)
  }
}

/** The space that is asked for, by DID or name. */
function spaceOf(
  { catalog }: Pick<FolderReader, 'catalog'>,
  space: string | undefined,
  defaultSpace: SpaceDid,
): Result<{ readonly did: SpaceDid }, SpaceUnknown> {
  return space === undefined ? ok({ did: defaultSpace }) : findSpace(catalog, space)
}

async function besideOwner(
  root: string,
  who: Whoami,
  space: string | undefined,
): Promise<Result<OpenContext, Error>> {
  const opened = await openFolderReader(root, { hasher: nodeHasher })
  if (opened.error) return opened
  const { paths, catalog, blobs, close } = opened.ok
  const target = spaceOf(opened.ok, space, who.defaultSpace)
  if (target.error) {
    await close()
    return target
  }
  const commit: AddContext['commit'] = async (stage) => {
    const committed = await callOwner(root, 'commit', { stage })
    // Names and words of an error pass the socket, which is all that its readers look at.
    return committed as Awaited<ReturnType<AddContext['commit']>> & Result<Committed, Error>
  }
  return ok({ paths, catalog, blobs, hasher: nodeHasher, space: target.ok.did, commit, close })
}
