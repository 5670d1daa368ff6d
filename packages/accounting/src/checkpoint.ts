/**
 * The checkpoint: what the log says of itself to the world, signed.
 * Source: C2SP tlog-checkpoint.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { encodeBase64 } from '@turnpike/core/note/base64'
import { encodeNote, parseNote, signNote } from '@turnpike/core/note/note'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { LogFile } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from './errors.ts'
import type { LogState } from './state.ts'

/** Where the checkpoint is in the log's store. */
export const CHECKPOINT_PATH = 'checkpoint'

/** What a checkpoint says. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** In base64. */
  readonly root: string
}

/**
 * The checkpoint of a log: origin, size and root in base64, a line each, and the signature.
 *
 * @example
 * await store.put([await checkpointFile(state, signer, hasher)])
 */
export async function checkpointFile(
  state: Pick<LogState, 'size' | 'root'>,
  signer: NoteSigner,
  hasher: Hasher,
): Promise<LogFile> {
  const text = `${signer.name}\n${state.size}\n${encodeBase64(state.root)}\n`
  const signatures = [await signNote(text, signer, hasher)]
  return { path: CHECKPOINT_PATH, bytes: encodeNote({ text, signatures }) }
}

/** The origin that a published checkpoint has; undefined for what is none. */
export function originIn(published: Uint8Array): string | undefined {
  return checkpointIn(published)?.origin
}

/** Whether the bytes that are published are this checkpoint's. */
export function samePublished(published: Uint8Array | undefined, file: LogFile): boolean {
  return published !== undefined && bytesEqual(published, file.bytes)
}

/**
 * Sees to it that the log is not behind what it said of itself: signing again from there would make
 * two histories of one log.
 *
 * @throws {LogCorrupt} when the published checkpoint is of a longer log, or of another of this size
 */
export function refuseBehind(published: Uint8Array | undefined, state: LogState): void {
  if (published === undefined) return
  const said = checkpointIn(published)
  if (said === undefined)
    throw new LogCorrupt(CHECKPOINT_PATH, 'text', 'expected a checkpoint: origin, size and root')
  if (said.size > state.size)
    throw new LogCorrupt(
      CHECKPOINT_PATH,
      'size',
      `expected a log of >= ${said.size} entries, as it was published, got ${state.size}: ` +
        'restore the newer copy of the folder',
    )
  if (said.size === state.size && said.root !== encodeBase64(state.root))
    throw new LogCorrupt(CHECKPOINT_PATH, 'root', `expected the root of the log's ${said.size}`)
}

/**
 * What published bytes say; undefined when they are no checkpoint. Signatures are not checked.
 * Checkpoints of before there were signatures are read, too; they are replaced by signed ones.
 */
export function checkpointIn(published: Uint8Array): Checkpoint | undefined {
  const text = parseNote(published).ok?.text ?? new TextDecoder().decode(published)
  const [origin = '', size = '', root = '', end, ...more] = text.split('\n')
  if (origin === '' || !/^\d{1,15}$/.test(size) || end !== '' || more.length > 0) return undefined
  return { origin, size: Number(size), root }
}
