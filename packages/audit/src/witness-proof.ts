/**
 * What an epoch's anchor `witness` shows: who has cosigned the epoch, or the log as it was later.
 * @module
 */
import { decodeBase64 } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'
import { BadNote, parseCheckpoint, parseNote, parseSignature, standingOf } from './note.ts'
import type { Note, NoteKey } from './note.ts'
import { isConsistent, PROOF_HASHES_MAX, type TreeHead } from './proof.ts'

/** The epoch that a proof is of. */
export interface WitnessedEpoch extends TreeHead {
  /** The log's key. */
  readonly key: NoteKey
  /** Its checkpoint, a signed note. */
  readonly checkpoint: string
}

/** What was cosigned, and by whom. */
export interface Witnessed {
  /** The checkpoint of the epoch, or a later one that goes on from it. */
  readonly note: Note
  /** Those of the given keys that have cosigned it. */
  readonly by: readonly NoteKey[]
}

/**
 * Who has cosigned, by an anchor's proof `{ kind: 'witness', cosignatures, checkpoint?,
 * consistency? }`. Where witnesses were further on than the epoch, `checkpoint` is what they have
 * cosigned, with all signatures, and `consistency` shows that the log goes on from the epoch to it.
 *
 * @param witnesses keys that count
 * @throws {BadNote} when the proof is malformed, or of another log or tree
 * @example
 * const { by } = witnessedBy(proof, epoch, [witnessKey], nodeCrypto)
 */
export function witnessedBy(
  proof: Readonly<Record<string, unknown>>,
  epoch: WitnessedEpoch,
  witnesses: readonly NoteKey[],
  crypto: AuditCrypto,
): Witnessed {
  const { checkpoint = epoch.checkpoint, consistency = [] } = proof
  if (typeof checkpoint !== 'string') throw new BadNote('"checkpoint" expected a note')
  const { text, signatures } = parseNote(checkpoint)
  const cosignatures = textsIn(proof, 'cosignatures').map(parseSignature)
  const note: Note = { text, signatures: [...signatures, ...cosignatures] }
  const head = parseCheckpoint(text)
  if (head.origin !== epoch.key.name || standingOf(note, epoch.key, crypto).kind !== 'signed')
    throw new BadNote('"checkpoint" expected to be signed by the log')
  const hashes = textsIn({ consistency }, 'consistency').map(hashOf)
  if (!isConsistent(epoch, head, hashes, crypto))
    throw new BadNote('"checkpoint" expected a log that begins with the epoch')
  return { note, by: witnesses.filter((one) => standingOf(note, one, crypto).kind === 'signed') }
}

function textsIn(proof: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = proof[key]
  const isList = Array.isArray(value) && value.length <= PROOF_HASHES_MAX
  if (!isList || !value.every((one) => typeof one === 'string'))
    throw new BadNote(`"${key}" expected a list of <= ${PROOF_HASHES_MAX} texts`)
  return value
}

function hashOf(text: string): Uint8Array {
  const hash = decodeBase64(text)
  if (hash === undefined) throw new BadNote('"consistency" expected hashes in base64')
  return hash
}
