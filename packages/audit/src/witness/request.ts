/**
 * What a log sends to a witness: the size that the witness knows, a proof, a checkpoint.
 * Source: C2SP tlog-witness, "add-checkpoint".
 * @module
 */
import { decodeBase64, encodeBase64 } from '../base64.ts'
import { BadNote, formatNote, NOTE_BYTES_MAX, parseCheckpoint, parseNote } from '../note.ts'
import type { Checkpoint, Note } from '../note.ts'

/** Hashes of a proof that a request may have. */
export const WITNESS_PROOF_HASHES_MAX = 63
const HASH_BYTES = 32
const HASH_LINE_BYTES = 45
/** Bytes of a request: the note, the proof's lines, and room for the first line. */
export const WITNESS_REQUEST_BYTES_MAX: number =
  NOTE_BYTES_MAX + WITNESS_PROOF_HASHES_MAX * HASH_LINE_BYTES + 64

/** A request, taken apart; nothing in it is verified. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the log takes for the witness's newest. */
  readonly oldSize: number
  /** From the tree of `oldSize` to the checkpoint's. */
  readonly proof: readonly Uint8Array[]
  readonly note: Note
  /** What the note says. */
  readonly checkpoint: Checkpoint
}

/** This is no request to a witness. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes a request apart.
 *
 * @throws {BadRequest}
 * @example
 * const { oldSize, checkpoint } = parseAddCheckpoint(body)
 */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  const text = decoded(body)
  const split = text.indexOf('\n\n')
  if (split < 0) throw new BadRequest('request expected an empty line before the checkpoint')
  const [first = '', ...lines] = text.slice(0, split).split('\n')
  if (lines.length > WITNESS_PROOF_HASHES_MAX)
    throw new BadRequest(
      `request expected <= ${WITNESS_PROOF_HASHES_MAX} hashes, got ${lines.length}`,
    )
  const oldSize = sizeOf(first)
  const proof = lines.map(hashOf)
  try {
    const note = parseNote(text.slice(split + 2))
    return { oldSize, proof, note, checkpoint: parseCheckpoint(note.text) }
  } catch (error) {
    if (error instanceof BadNote) throw new BadRequest(error.message)
    throw error
  }
}

/**
 * A request as bytes; the other way round than {@link parseAddCheckpoint}.
 *
 * @example
 * const body = formatAddCheckpoint({ oldSize: 3, proof, note })
 */
export function formatAddCheckpoint(request: Omit<AddCheckpoint, 'checkpoint'>): Uint8Array {
  const { oldSize, proof, note } = request
  const lines = [`old ${oldSize}`, ...proof.map(encodeBase64), '', formatNote(note)]
  return utf8.encode(lines.join('\n'))
}

function sizeOf(line: string): number {
  const [, digits] = /^old (0|[1-9]\d{0,15})$/.exec(line) ?? []
  const size = Number(digits)
  if (!Number.isSafeInteger(size)) throw new BadRequest('request expected "old <size>" at first')
  return size
}

function hashOf(line: string): Uint8Array {
  const hash = decodeBase64(line)
  if (hash?.length !== HASH_BYTES)
    throw new BadRequest('request expected a hash of 32 bytes in each line of the proof')
  return hash
}

function decoded(body: Uint8Array): string {
  if (body.length > WITNESS_REQUEST_BYTES_MAX)
    throw new BadRequest(
      `request expected <= ${WITNESS_REQUEST_BYTES_MAX} bytes, got ${body.length}`,
    )
  try {
    return strictUtf8.decode(body)
  } catch {
    throw new BadRequest('request expected UTF-8')
  }
}
