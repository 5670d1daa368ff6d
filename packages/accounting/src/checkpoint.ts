/**
 * The checkpoint: what the log says of itself to the world, for now unsigned.
 * Source: C2SP tlog-checkpoint.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import type { LogFile } from '@turnpike/core/ports/log-store'
import type { LogState } from './state.ts'

const utf8 = new TextEncoder()

/** Where the checkpoint is in the log's store. */
export const CHECKPOINT_PATH = 'checkpoint'

/**
 * Body of the checkpoint: origin, size, root in base64, a line each.
 *
 * @example
 * await store.put([checkpointFile('gateway.example/log', state)])
 */
export function checkpointFile(origin: string, state: LogState): LogFile {
  const root = btoa(String.fromCharCode(...state.root))
  return { path: CHECKPOINT_PATH, bytes: utf8.encode(`${origin}\n${state.size}\n${root}\n`) }
}

/** The origin that a published checkpoint has; undefined for what is none. */
export function originIn(published: Uint8Array): string | undefined {
  const [origin, size] = new TextDecoder().decode(published).split('\n')
  return origin === '' || size === undefined ? undefined : origin
}

/** Whether the bytes that are published are this checkpoint's. */
export function samePublished(published: Uint8Array | undefined, file: LogFile): boolean {
  return published !== undefined && bytesEqual(published, file.bytes)
}
