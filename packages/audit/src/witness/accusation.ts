/**
 * A log's contradiction of itself, as a proof that anybody can check.
 * @module
 */
import { formatKey, formatNote } from '../note.ts'
import type { Note, NoteKey } from '../note.ts'
import type { AuditCrypto } from '../crypto.ts'

/**
 * Two checkpoints of one size with different roots, both signed by the log: it has two histories.
 *
 * @example
 * await writeFile('proof.json', splitView(log.key, [seen, submitted], nodeCrypto))
 */
export function splitView(
  key: NoteKey,
  checkpoints: readonly [Note, Note],
  crypto: AuditCrypto,
): string {
  const evidence = { key: formatKey(key, crypto), checkpoints: checkpoints.map(formatNote) }
  const proof = { type: 'turnpike-misbehaviour/v1', rule: 'split-view', evidence }
  return `${JSON.stringify(proof)}\n`
}
