/**
 * Signed notes: a text with the signatures of those who vouch for it.
 * Source: C2SP signed-note.
 * @module
 */
import { NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX } from '../limits/log.ts'
import type { Awaitable, Result } from '../result.ts'
import type { Ed25519Signer, SignatureVerifier } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { bytesEqual } from '../bytes.ts'
import { fail, ok } from '../result.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { KEY_ID_BYTES, type NoteKey, keyIdOf, isKeyName } from './key.ts'

/** One signature, whoever's it is. */
export interface NoteSignature {
  /** Name of the key. */
  readonly name: string
  /** 4 bytes that tell keys of one name apart. */
  readonly keyId: Uint8Array
  /** What its kind of key makes. */
  readonly signature: Uint8Array
}

/** A text and its signatures. */
export interface SignedNote {
  /** Lines, each with its end; no control characters but those. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** These bytes are no signed note. */
export class InvalidNote extends Error {
  override readonly name = 'InvalidNote'
}

/** Why a note is not vouched for by a key: nobody signed with it, or a signature is wrong. */
export class NoteUnsigned extends Error {
  override readonly name = 'NoteUnsigned'
  readonly key: string
  constructor(key: string, message: string) {
    super(`note expected a signature by ${key}, ${message}`)
    this.key = key
  }
}

const MARK = '\u2014 '
const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A note as bytes: the text, an empty line, a line for each signature.
 *
 * @throws {InvalidNote} when the text does not end its last line, or has control characters
 * @example
 * const bytes = encodeNote({ text, signatures: [await signNote(text, signer, hasher)] })
 */
export function encodeNote({ text, signatures }: SignedNote): Uint8Array {
  if (!isText(text)) throw new InvalidNote('text expected whole lines without control characters')
  const lines = signatures.map(({ name, keyId, signature }) => {
    const blob = new Uint8Array(KEY_ID_BYTES + signature.length)
    blob.set(keyId)
    blob.set(signature, KEY_ID_BYTES)
    return `${MARK}${name} ${encodeBase64(blob)}\n`
  })
  return utf8.encode(`${text}\n${lines.join('')}`)
}

/**
 * Reads a note. Signatures are not checked: {@link verifyNote} does.
 *
 * @example
 * const { ok: note, error } = parseNote(bytes)
 */
export function parseNote(
  bytes: Uint8Array,
  bytesMax: number = NOTE_BYTES_MAX,
): Result<SignedNote, InvalidNote> {
  if (bytes.length > bytesMax) return invalid(`expected <= ${bytesMax} bytes, got ${bytes.length}`)
  let whole: string
  try {
    whole = strictUtf8.decode(bytes)
  } catch {
    return invalid('expected UTF-8')
  }
  const split = whole.lastIndexOf('\n\n')
  const text = whole.slice(0, split + 1)
  if (split < 0 || !isText(text) || !whole.endsWith('\n'))
    return invalid('expected whole lines of text, an empty one, and lines of signatures')
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX)
    return invalid(`expected <= ${NOTE_SIGNATURES_MAX} signatures, got ${lines.length}`)
  const signatures = lines.map(readSignature)
  const bad = signatures.indexOf(undefined)
  if (bad >= 0) return invalid(`expected a signature, got something else in its line ${bad + 1}`)
  return ok({ text, signatures: signatures as NoteSignature[] })
}

/** Who can sign a note. */
export interface NoteSigner extends Ed25519Signer {
  /** Name of the key; of a log, its origin. */
  readonly name: string
}

/**
 * A signature of a text by an Ed25519 key.
 *
 * @example
 * const signature = await signNote('gateway.example/log\n0\n…\n', signer, hasher)
 */
export async function signNote(
  text: string,
  { name, publicKey, sign }: NoteSigner,
  hasher: Hasher,
): Promise<NoteSignature> {
  const keyId = keyIdOf({ name, kind: 'ed25519', publicKey }, hasher)
  return { name, keyId, signature: await sign(utf8.encode(text)) }
}

/** What a signature of a kind of key says, and over what; undefined when it is malformed. */
export type Signed = (
  note: SignedNote,
  signature: Uint8Array,
) => { readonly message: Uint8Array; readonly signature: Uint8Array } | undefined

/** An Ed25519 key signs the text itself. */
export const signedText: Signed = ({ text }, signature) => ({
  message: utf8.encode(text),
  signature,
})

/**
 * Checks that a note has a valid signature by a key; those of other keys are passed over.
 *
 * @returns that signature. One wrong signature by the key is an error, whatever others say.
 * @example
 * const { error } = await verifyNote(note, key, { hasher, verifier })
 */
export async function verifyNote(
  note: SignedNote,
  key: NoteKey,
  ports: { readonly hasher: Hasher; readonly verifier: SignatureVerifier },
  signed: Signed = signedText,
): Promise<Result<NoteSignature, NoteUnsigned>> {
  const keyId = keyIdOf(key, ports.hasher)
  let found: NoteSignature | undefined
  for (const one of note.signatures) {
    if (one.name !== key.name || !bytesEqual(one.keyId, keyId)) continue
    const what = signed(note, one.signature)
    const holds = what !== undefined && (await holdsFor(key, what, ports.verifier))
    if (!holds) return fail(new NoteUnsigned(key.name, 'got one that is wrong'))
    found ??= one
  }
  return found === undefined ? fail(new NoteUnsigned(key.name, 'got none')) : ok(found)
}

function holdsFor(
  { publicKey }: NoteKey,
  { message, signature }: NonNullable<ReturnType<Signed>>,
  verifier: SignatureVerifier,
): Awaitable<boolean> {
  return verifier.verify({ kind: 'ed25519', bytes: publicKey }, message, signature)
}

function readSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(MARK)) return undefined
  const [name, blob, more] = line.slice(MARK.length).split(' ')
  if (name === undefined || blob === undefined || more !== undefined) return undefined
  const bytes = decodeBase64(blob)
  if (!isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) }
}

/** Whole lines, without the control characters of ASCII but their ends. */
function isText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[^\n\u{20}-\u{10FFFF}]/u.test(text)
}

function invalid(message: string): { error: InvalidNote } {
  return fail(new InvalidNote(`note ${message}`))
}
