/**
 * Signed notes: checkpoints, the keys that sign them, and what witnesses add.
 * Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature.
 * @module
 */
import { decodeBase64, decodeHex, encodeBase64, encodeHex, sameBytes } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'

/** Bytes of a note at most. */
export const NOTE_BYTES_MAX = 65_536
/** Signatures that a note has at most. */
export const NOTE_SIGNATURES_MAX = 100
const NAME_BYTES_MAX = 255
const ID_BYTES = 4
const KEY_BYTES = 32
const HASH_BYTES = 32
const TIME_BYTES = 8
const MARK = '\u2014 '
/** First byte of an encoded key: a log's, and a witness's, which signs a time along. */
const KINDS = { log: 1, witness: 4 } as const

/** This is no note, key or checkpoint. */
export class BadNote extends Error {
  override readonly name = 'BadNote'
}

/** A key that verifies signatures. */
export interface NoteKey {
  readonly name: string
  /** Logs sign the text of a note, witnesses a time and the text. */
  readonly kind: keyof typeof KINDS
  /** 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array
}

/** One signature, whoever's it is. */
export interface NoteSignature {
  readonly name: string
  /** 4 bytes that tell keys of one name apart. */
  readonly keyId: Uint8Array
  /** What its kind of key makes. */
  readonly signature: Uint8Array
}

/** A text and its signatures. */
export interface Note {
  /** Whole lines. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** What a checkpoint says. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** What a note says of a key: it signed (a witness: when), wrongly, or not at all. */
export type Standing =
  | { readonly kind: 'signed'; readonly seconds: number | null }
  | { readonly kind: 'wrong' | 'absent' }

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a note. Its signatures are not checked: {@link standingOf} does.
 *
 * @throws {BadNote}
 * @example
 * const note = parseNote(await readFile('checkpoint'))
 */
export function parseNote(note: Uint8Array | string, bytesMax: number = NOTE_BYTES_MAX): Note {
  const bytes = typeof note === 'string' ? utf8.encode(note) : note
  if (bytes.length > bytesMax)
    throw new BadNote(`note expected <= ${bytesMax} bytes, got ${bytes.length}`)
  const whole = decoded(bytes)
  const split = whole.lastIndexOf('\n\n')
  const text = whole.slice(0, split + 1)
  if (split < 0 || !isText(text) || !whole.endsWith('\n'))
    throw new BadNote('note expected whole lines, an empty one, and lines of signatures')
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX)
    throw new BadNote(`note expected <= ${NOTE_SIGNATURES_MAX} signatures, got ${lines.length}`)
  return { text, signatures: lines.map(parseSignature) }
}

/** A note as text; the other way round than {@link parseNote}. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map((one) => `${formatSignature(one)}\n`).join('')}`
}

/**
 * One signature of a line, without the line's end.
 *
 * @throws {BadNote}
 */
export function parseSignature(line: string): NoteSignature {
  const [, name, blob] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = blob === undefined ? undefined : decodeBase64(blob)
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length <= ID_BYTES)
    throw new BadNote('note expected a signature in each line after the empty one')
  return { name, keyId: bytes.slice(0, ID_BYTES), signature: bytes.slice(ID_BYTES) }
}

/** A signature as a line, without its end. */
export function formatSignature({ name, keyId, signature }: NoteSignature): string {
  return `${MARK}${name} ${encodeBase64(Uint8Array.of(...keyId, ...signature))}`
}

/**
 * What a note says of one key. Signatures of other keys are passed over; one wrong signature by
 * the key is worse than none.
 *
 * @example
 * if (standingOf(note, key, nodeCrypto).kind !== 'signed') throw new Error('not signed')
 */
export function standingOf(note: Note, key: NoteKey, crypto: AuditCrypto): Standing {
  const id = keyIdOf(key, crypto)
  let standing: Standing = { kind: 'absent' }
  for (const { name, keyId, signature } of note.signatures) {
    if (name !== key.name || !sameBytes(keyId, id)) continue
    const seconds = key.kind === 'witness' ? secondsOf(signature) : null
    const [message, signed] =
      seconds === null
        ? [utf8.encode(note.text), signature]
        : [cosignedMessage(note.text, seconds), signature.subarray(TIME_BYTES)]
    if (Number.isNaN(seconds) || !crypto.verifyEd25519(key.publicKey, message, signed))
      return { kind: 'wrong' }
    if (standing.kind === 'absent') standing = { kind: 'signed', seconds }
  }
  return standing
}

/** What a witness signs: a time in seconds since the Unix epoch, and the note's text. */
export function cosignedMessage(text: string, seconds: number): Uint8Array {
  return utf8.encode(`cosignature/v1\ntime ${seconds}\n${text}`)
}

/** A witness's signature: the time, and the signature of {@link cosignedMessage}. */
export function cosignatureBytes(seconds: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES + signature.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds))
  bytes.set(signature, TIME_BYTES)
  return bytes
}

/**
 * Origin, size and root of a checkpoint's text; lines after these are passed over.
 *
 * @throws {BadNote}
 * @example
 * const { size, root } = parseCheckpoint(note.text)
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = ''] = text.split('\n')
  const bytes = decodeBase64(root)
  const isSize = /^(?:0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size))
  if (origin === '' || !isSize || bytes?.length !== HASH_BYTES || !text.endsWith('\n'))
    throw new BadNote('checkpoint expected an origin, a size and a root of 32 bytes, a line each')
  return { origin, size: Number(size), root: bytes }
}

/**
 * The key of a text `name+id+key`, as verifiers pin it.
 *
 * @throws {BadNote}
 * @example
 * const key = parseKey('gateway.example/log+fb3a2a76+ASFS…', nodeCrypto)
 */
export function parseKey(text: string, crypto: AuditCrypto): NoteKey {
  const [, name = '', id = '', blob = ''] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = decodeBase64(blob)
  const kind = (['log', 'witness'] as const).find((one) => KINDS[one] === bytes?.[0])
  if (bytes?.length !== 1 + KEY_BYTES || kind === undefined || !isKeyName(name))
    throw new BadNote('key expected as name+id+key, of Ed25519')
  const key = { name, kind, publicKey: bytes.slice(1) }
  if (!sameBytes(keyIdOf(key, crypto), decodeHex(id)!))
    throw new BadNote(`key expected the id ${encodeHex(keyIdOf(key, crypto))}, got ${id}`)
  return key
}

/** A key as the text that {@link parseKey} reads. */
export function formatKey(key: NoteKey, crypto: AuditCrypto): string {
  const blob = encodeBase64(Uint8Array.of(KINDS[key.kind], ...key.publicKey))
  return `${key.name}+${encodeHex(keyIdOf(key, crypto))}+${blob}`
}

/** The whole hash of name, kind and key, by which anchors know a log: 32 bytes. */
export function keyHashOf({ name, kind, publicKey }: NoteKey, crypto: AuditCrypto): Uint8Array {
  return crypto.sha256(Uint8Array.of(...utf8.encode(`${name}\n`), KINDS[kind], ...publicKey))
}

/** First 4 bytes of {@link keyHashOf}. */
export function keyIdOf(key: NoteKey, crypto: AuditCrypto): Uint8Array {
  return keyHashOf(key, crypto).slice(0, ID_BYTES)
}

/** Time of a cosignature; not a number where it is malformed. */
function secondsOf(signature: Uint8Array): number {
  if (signature.length <= TIME_BYTES) return Number.NaN
  const { buffer, byteOffset } = signature
  const seconds = Number(new DataView(buffer, byteOffset).getBigUint64(0))
  return Number.isSafeInteger(seconds) ? seconds : Number.NaN
}

function decoded(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    throw new BadNote('note expected UTF-8')
  }
}

/** Whole lines, without the control characters of ASCII but their ends. */
function isText(text: string): boolean {
  return text.endsWith('\n') && !/[^\n\u{20}-\u{10FFFF}]/u.test(text)
}

/** Not empty, not too long, without spaces, plus signs and control characters. */
function isKeyName(text: string): boolean {
  return text !== '' && text.length <= NAME_BYTES_MAX && !/[\s+\p{Cc}]/u.test(text)
}
