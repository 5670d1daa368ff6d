/**
 * Spaces whose keys are in the data folder.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { listSpaces, SpaceUnknown, type SpaceRow } from '../catalog/spaces.ts'
import { findKey, type Signer } from '../folder/keys.ts'
import { fail, ok, type Result } from '@turnpike/core/result'

/** What a space may be called: it names a file, and some file systems see no case. */
export const SPACE_NAME: RegExp = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** The space is known here, but its key is elsewhere. */
export class SpaceKeyMissing extends Error {
  override readonly name = 'SpaceKeyMissing'
  constructor(space: string) {
    super(
      `${space} expected to have its key in this data folder, has not: have whoever holds the ` +
        'key delegate, and use turnpike delegate import',
    )
  }
}

/** Name of the file, without its ending, that a space's key is in. */
export function spaceKeyName(name: string): string {
  return `space-${name}`
}

/**
 * A space by its DID or its name.
 *
 * @example
 * findSpace(catalog, 'default').ok?.did // 'did:key:z6Mk…'
 */
export function findSpace(
  catalog: DatabaseSync,
  didOrName: string,
): Result<SpaceRow, SpaceUnknown> {
  const space = listSpaces(catalog).find(({ did, name }) => did === didOrName || name === didOrName)
  return space === undefined ? fail(new SpaceUnknown(didOrName)) : ok(space)
}

/** The key of a space. */
export async function keyOfSpace(
  keys: string,
  { did, name }: SpaceRow,
): Promise<Result<Signer, SpaceKeyMissing>> {
  const key = SPACE_NAME.test(name) ? await findKey(keys, spaceKeyName(name)) : undefined
  return key?.did() === did ? ok(key) : fail(new SpaceKeyMissing(did))
}
