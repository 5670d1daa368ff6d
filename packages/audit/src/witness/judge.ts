/**
 * What a witness answers to a log: a pure function of what it cosigned last and of the request.
 * Source: C2SP tlog-witness, "add-checkpoint".
 * @module
 */
import { sameBytes } from '../base64.ts'
import type { AuditCrypto } from '../crypto.ts'
import { parseCheckpoint, standingOf } from '../note.ts'
import type { Note, NoteKey } from '../note.ts'
import { isConsistent } from '../proof.ts'
import type { TreeHead } from '../proof.ts'
import type { AddCheckpoint } from './request.ts'

/** A log that a witness watches, and how far it saw it. */
export interface WatchedLog {
  /** The log's own; its name is the log's origin. */
  readonly key: NoteKey
  /** The newest checkpoint that was cosigned, as the log signed it; undefined before the first. */
  readonly latest: Note | undefined
}

/** Content type of an answer that says which size a witness is at. */
export const SIZE_TYPE = 'text/x.tlog.size'

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 409 | 422
  readonly type: 'text/plain; charset=utf-8' | typeof SIZE_TYPE
  readonly body: string
  /** Two notes by which the log contradicts itself, for whoever asks why. */
  readonly contradiction?: readonly [Note, Note]
}

/** To cosign, or why not. */
export type Judgement =
  | { readonly kind: 'cosign' }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/**
 * Whether the request is one by a log that is watched: what comes before anything is compared.
 *
 * @returns why not; undefined when it is
 */
export function refuseStranger(
  log: WatchedLog | undefined,
  { oldSize, note, checkpoint }: AddCheckpoint,
  crypto: AuditCrypto,
): Refusal | undefined {
  if (log === undefined) return refusal(404, `${checkpoint.origin} is not watched here`)
  if (standingOf(note, log.key, crypto).kind !== 'signed')
    return refusal(403, `checkpoint expected a signature by the key of ${log.key.name}`)
  if (oldSize > checkpoint.size)
    return refusal(400, `old size expected <= ${checkpoint.size}, got ${oldSize}`)
  return undefined
}

/**
 * What to do with a request that {@link refuseStranger} let pass.
 *
 * @example
 * if (judge(log, request, nodeCrypto).kind === 'cosign') await keepAndCosign(request.note)
 */
export function judge(log: WatchedLog, request: AddCheckpoint, crypto: AuditCrypto): Judgement {
  const latest = headOf(log, crypto)
  const { oldSize, proof, checkpoint } = request
  if (oldSize !== latest.size)
    return refuse({ status: 409, type: SIZE_TYPE, body: `${latest.size}\n` })
  if (checkpoint.size === latest.size && !sameBytes(checkpoint.root, latest.root)) {
    const refused = refusal(409, `expected the root of ${latest.size} that was cosigned before`)
    const contradiction = log.latest && ([log.latest, request.note] as const)
    return refuse(contradiction === undefined ? refused : { ...refused, contradiction })
  }
  if (!isConsistent(latest, checkpoint, proof, crypto))
    return refuse(refusal(422, `expected a proof that ${latest.size} entries are its beginning`))
  return { kind: 'cosign' }
}

/** The tree that was cosigned last. */
function headOf({ latest }: WatchedLog, crypto: AuditCrypto): TreeHead {
  return latest === undefined
    ? { size: 0, root: crypto.sha256(new Uint8Array(0)) }
    : parseCheckpoint(latest.text)
}

function refuse(refused: Refusal): Judgement {
  return { kind: 'refuse', refusal: refused }
}

function refusal(status: Refusal['status'], reason: string): Refusal {
  return { status, type: 'text/plain; charset=utf-8', body: `${reason}\n` }
}
