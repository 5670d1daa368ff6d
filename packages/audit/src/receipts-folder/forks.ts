/**
 * What shows to others that a log signed two histories, where a folder holds both.
 * @module
 */
import type { LogFolder, LogState } from '../log-folder.ts'
import type { Misbehaviour } from '../misbehaviour.ts'
import { compareHeads } from '../monitor/heads.ts'
import type { SignedHead } from '../monitor/heads.ts'
import { SourceFailed } from '../monitor/source.ts'
import type { PublicFiles } from '../monitor/source.ts'
import { Tiles } from '../monitor/tiles.ts'
import { nodeCrypto } from '../node-crypto.ts'
import type { NoteKey } from '../note.ts'
import { TILE_WIDTH, tilePath } from '../tree.ts'

/** Signed heads that are looked into. */
const SUSPECTS_MAX = 16
const HASH_BYTES = 32

/** What a folder has of a log that signed two histories. */
export interface ForkParts {
  readonly folder: LogFolder
  readonly state: LogState
  readonly key: NoteKey
  /** The newest head that was signed. */
  readonly now: SignedHead
}

/** Proofs against those earlier heads that are none of the log as it is now. */
export async function forkProofs(
  before: readonly SignedHead[],
  { folder, state, key, now }: ForkParts,
): Promise<Misbehaviour[]> {
  const tiles = new Tiles(publicFiles(folder, state), now.size, nodeCrypto)
  const proofs: Misbehaviour[] = []
  for (const head of before.slice(0, SUSPECTS_MAX)) {
    try {
      const finding = await compareHeads(head, now, tiles, { key, crypto: nodeCrypto })
      if (finding?.proof !== undefined) proofs.push(finding.proof)
    } catch (error) {
      // Where a tile is missing there is no proof, but a difference.
      if (!(error instanceof SourceFailed)) throw error
    }
  }
  return proofs
}

/** Tiles as the log publishes them: partial ones are the start of what the state has. */
function publicFiles(folder: LogFolder, state: LogState): PublicFiles {
  return {
    async get(path) {
      const [, tile = path, width] = /^(tile\/.+)\.p\/(\d+)$/.exec(path) ?? []
      if (width === undefined) return folder.file(path)
      const level = Number(tile.split('/')[1])
      const index = Math.floor(state.size / TILE_WIDTH ** (level + 1))
      if (tile !== tilePath(level, index)) return undefined
      return state.tiles[level]?.subarray(0, Number(width) * HASH_BYTES)
    },
  }
}
