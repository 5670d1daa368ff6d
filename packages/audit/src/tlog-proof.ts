/**
 * `.tlog-proof` files: whether an entry stands where it is said to, in a log that signed it.
 * Source: C2SP tlog-proof.
 * @module
 */
import { decodeBase64, encodeHex } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'
import { BadNote, parseCheckpoint, parseNote, standingOf } from './note.ts'
import type { Checkpoint, Note, NoteKey } from './note.ts'
import { isIncluded, leafHash, PROOF_HASHES_MAX } from './proof.ts'

/** Bytes of a file at most: its note, an entry, and the hashes. */
export const TLOG_PROOF_BYTES_MAX = 131_072
const HEADER = 'c2sp.org/tlog-proof@v1'
const HASH_BYTES = 32

/** What a file says. */
export interface TlogProof {
  /** The application's own bytes, here the entry; undefined when there are none. */
  readonly extra: Uint8Array | undefined
  readonly index: number
  /** From the leaf upwards. */
  readonly hashes: readonly Uint8Array[]
  readonly note: Note
  readonly checkpoint: Checkpoint
}

/** This is no `.tlog-proof` file. */
export class BadTlogProof extends Error {
  override readonly name = 'BadTlogProof'
}

/** What to check a file with. */
export interface ProofCheck {
  readonly crypto: AuditCrypto
  /** The log's key, as it is pinned. */
  readonly key: NoteKey
  /** The entry's bytes; by default those in the file. */
  readonly entry?: Uint8Array | undefined
}

/** Whether an entry is in the log. */
export interface ProofVerdict {
  readonly holds: boolean
  readonly origin: string
  readonly index: number
  /** Entries of the log as of the checkpoint. */
  readonly size: number
  /** Hash of the entry, in hex. */
  readonly leaf: string
  /** What does not hold; empty when all does. */
  readonly problems: readonly string[]
}

/** Whether a file begins as one of these does. */
export function isTlogProof(text: string): boolean {
  return text.startsWith(`${HEADER}\n`)
}

/**
 * Reads a file; {@link checkTlogProof} says whether it holds.
 *
 * @throws {BadTlogProof}
 * @example
 * const { index, checkpoint } = parseTlogProof(await readFile('read.tlog-proof', 'utf8'))
 */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > TLOG_PROOF_BYTES_MAX)
    throw new BadTlogProof(`proof expected <= ${TLOG_PROOF_BYTES_MAX} bytes, got ${text.length}`)
  if (!isTlogProof(text)) throw new BadTlogProof(`proof expected the first line ${HEADER}`)
  const split = text.indexOf('\n\n')
  if (split < 0) throw new BadTlogProof('proof expected an empty line before its checkpoint')
  const lines = text.slice(HEADER.length + 1, split).split('\n')
  const extra = lines[0]?.startsWith('extra ') ? bytesOf(lines.shift()!.slice(6)) : undefined
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1]
  if (index === undefined || !Number.isSafeInteger(Number(index)))
    throw new BadTlogProof('proof expected a line "index", with a decimal number')
  if (lines.length > PROOF_HASHES_MAX)
    throw new BadTlogProof(`proof expected <= ${PROOF_HASHES_MAX} hashes, got ${lines.length}`)
  const { note, checkpoint } = noteOf(text.slice(split + 2))
  return { extra, index: Number(index), hashes: lines.map(hashOf), note, checkpoint }
}

/**
 * Checks a proof: that the log signed the checkpoint, and that the entry leads to its root.
 *
 * @throws {TypeError} when there is no entry, neither in the file nor given
 * @example
 * const { holds } = checkTlogProof(parseTlogProof(text), { crypto: nodeCrypto, key })
 */
export function checkTlogProof(proof: TlogProof, { crypto, key, entry }: ProofCheck): ProofVerdict {
  const bytes = entry ?? proof.extra
  if (bytes === undefined) throw new TypeError('"entry" expected for a proof without one, got none')
  const { index, hashes, note, checkpoint } = proof
  const { origin, size, root } = checkpoint
  const leaf = leafHash(bytes, crypto)
  const problems: string[] = []
  if (origin !== key.name) problems.push(`checkpoint expected of ${key.name}, got ${origin}`)
  const { kind } = standingOf(note, key, crypto)
  if (kind !== 'signed') problems.push(`checkpoint expected to be signed by ${key.name}: ${kind}`)
  if (!isIncluded({ index, leaf }, { size, root }, hashes, crypto))
    problems.push(`entry ${index} expected to lead to the root of ${size} entries, does not`)
  return { holds: problems.length === 0, origin, index, size, leaf: encodeHex(leaf), problems }
}

function noteOf(text: string): Pick<TlogProof, 'note' | 'checkpoint'> {
  try {
    const note = parseNote(text)
    return { note, checkpoint: parseCheckpoint(note.text) }
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    throw new BadTlogProof(`proof expected to end with a checkpoint: ${error.message}`)
  }
}

function hashOf(line: string): Uint8Array {
  const bytes = bytesOf(line)
  if (bytes.length === HASH_BYTES) return bytes
  throw new BadTlogProof(`proof expected hashes of ${HASH_BYTES} bytes, got ${bytes.length}`)
}

function bytesOf(text: string): Uint8Array {
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw new BadTlogProof('proof expected base64 in each of its lines')
  return bytes
}
