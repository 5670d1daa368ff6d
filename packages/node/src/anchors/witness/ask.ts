/**
 * Asks one witness for its cosignature of a checkpoint.
 * Source: C2SP tlog-witness, "add-checkpoint".
 * @module
 */
import { consistencyProof, type CommittedLog } from '@turnpike/accounting/proofs'
import { WITNESS_TIMEOUT_MS, WITNESS_TRIES_MAX } from '@turnpike/core/limits/receipts'
import { encodeBase64 } from '@turnpike/core/note/base64'
import { cosigned } from '@turnpike/core/note/cosignature'
import type { NoteKey } from '@turnpike/core/note/key'
import { encodeNote, parseNote, verifyNote } from '@turnpike/core/note/note'
import type { NoteSignature, SignedNote } from '@turnpike/core/note/note'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { post, type Posted } from './post.ts'

/** A witness, and where it is. */
export interface WitnessAt {
  readonly key: NoteKey
  /** Its submission prefix: `add-checkpoint` is below it. */
  readonly url: URL
}

/** What witnesses are asked with. */
export interface AskDeps {
  readonly hasher: Hasher
  readonly verifier: SignatureVerifier
  /** Lets witnesses be at http or private addresses. */
  readonly allowPrivate: boolean
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
  /** Time for one witness, all tries together; 15 s when not given. */
  readonly timeoutMs?: number
}

/** A checkpoint, and what it is of. */
export interface Submission {
  /** The log as of a commit at that size or later. */
  readonly log: CommittedLog
  readonly size: number
  /** Signed by the log. */
  readonly note: SignedNote
}

/** What a witness says. */
export type WitnessOutcome =
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature }
  /** It has cosigned a longer log already. */
  | { readonly kind: 'ahead'; readonly size: number }
  /** It has cosigned something that this log is not. */
  | { readonly kind: 'differs'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string }

const SIZE_TYPE = 'text/x.tlog.size'

/**
 * Asks for a cosignature, and once more from where the witness says that it is.
 *
 * @param guess size that the witness probably cosigned last
 * @throws {LogCorrupt} when a tile of the log is missing
 * @example
 * const outcome = await askWitness(witness, { log, size, note }, previousEnd, deps)
 */
export async function askWitness(
  witness: WitnessAt,
  submission: Submission,
  guess: number,
  deps: AskDeps,
): Promise<WitnessOutcome> {
  const signal = AbortSignal.any([
    deps.signal,
    AbortSignal.timeout(deps.timeoutMs ?? WITNESS_TIMEOUT_MS),
  ])
  const { size } = submission
  const url = new URL(`${witness.url.href.replace(/\/$/, '')}/add-checkpoint`)
  let oldSize = guess
  for (let tries = 0; tries < WITNESS_TRIES_MAX; tries++) {
    const body = await requestOf(submission, oldSize)
    const { ok: answer, error } = await post(url, body, { ...deps, signal })
    if (answer === undefined) return unavailable(error.message)
    if (answer.status === 200) return readCosignature(witness, submission.note, answer, deps)
    if (answer.status === 422) return { kind: 'differs', reason: 'it refuses the proof' }
    if (answer.status !== 409) return unavailable(`${answer.status}, ${saidBy(answer)}`)
    if (oldSize === size) return { kind: 'differs', reason: `it has another root of ${size}` }
    const at = sizeIn(answer)
    if (at === undefined || at === oldSize) return unavailable(`409, ${saidBy(answer)}`)
    if (at > size) return { kind: 'ahead', size: at }
    oldSize = at
  }
  return unavailable(`409 ${WITNESS_TRIES_MAX} times, each from another size`)
}

async function requestOf({ log, size, note }: Submission, oldSize: number): Promise<Uint8Array> {
  const proof = await consistencyProof(log, oldSize, size)
  const head = `old ${oldSize}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n`
  return Buffer.concat([Buffer.from(head), encodeNote(note)])
}

/** Lines of signatures follow the checkpoint as they would in a note. */
async function readCosignature(
  { key }: WitnessAt,
  { text }: SignedNote,
  { body }: Posted,
  ports: AskDeps,
): Promise<WitnessOutcome> {
  const note = parseNote(Buffer.concat([Buffer.from(`${text}\n`), body]))
  if (note.error !== undefined) return unavailable(note.error.message)
  const { ok: signature, error } = await verifyNote(note.ok, key, ports, cosigned)
  return signature === undefined ? unavailable(error.message) : { kind: 'cosigned', signature }
}

function sizeIn({ type, body }: Posted): number | undefined {
  if (!type.startsWith(SIZE_TYPE)) return undefined
  const [, digits] = /^(0|[1-9]\d{0,15})\n$/.exec(Buffer.from(body).toString()) ?? []
  const size = Number(digits)
  return Number.isSafeInteger(size) ? size : undefined
}

/** The start of what an answer says, for people. */
function saidBy({ body }: Posted): string {
  return JSON.stringify(Buffer.from(body.subarray(0, 200)).toString().trim())
}

function unavailable(reason: string): WitnessOutcome {
  return { kind: 'unavailable', reason }
}
