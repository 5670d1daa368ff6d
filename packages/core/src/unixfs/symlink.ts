/**
 * Symbolic links.
 * @module
 */
import { encodePbNode } from '../dag-pb/encode.ts'
import { SYMLINK_BYTES_MAX } from '../limits.ts'
import type { Hasher } from '../ports/runtime.ts'
import { interiorBlock } from './block.ts'
import type { UnixfsBlock } from './block.ts'
import { symlinkData } from './encode.ts'
import type { UnixfsMetadata } from './encode.ts'
import type { UnixfsProfile } from './profile.ts'

/**
 * A symbolic link to `target`: the bytes of a POSIX path, kept as they are (UnixFS specification,
 * "dag-pb Symlink"). It counts as interior: it is read on the way to content.
 *
 * @throws {RangeError} when the target is empty or longer than `SYMLINK_BYTES_MAX`
 * @example
 * const { link } = symlinkBlock(profile, hasher, new TextEncoder().encode('../readme.md'))
 */
export function symlinkBlock(
  profile: UnixfsProfile,
  hasher: Hasher,
  target: Uint8Array,
  metadata: UnixfsMetadata = {},
): UnixfsBlock {
  if (target.length === 0 || target.length > SYMLINK_BYTES_MAX)
    throw new RangeError(`"target" expected 1 to ${SYMLINK_BYTES_MAX} bytes, got ${target.length}`)
  const bytes = encodePbNode([], symlinkData(target, metadata))
  return interiorBlock(profile, hasher, bytes, 0, 0)
}
