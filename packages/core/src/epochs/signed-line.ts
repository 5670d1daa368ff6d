/**
 * Epochs' files: signed notes whose text is one line of JSON, written in one way only.
 * @module
 */
import { EPOCH_FILE_BYTES_MAX } from '../limits/receipts.ts'
import { decodeBase64, encodeBase64 } from '../note/base64.ts'
import { encodeNote, parseNote, signNote } from '../note/note.ts'
import type { NoteSigner, SignedNote } from '../note/note.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** These bytes are no such file. */
export class InvalidEpochFile extends Error {
  override readonly name = 'InvalidEpochFile'
}

/** What a file says, and the note that says so. Its signatures are not checked yet. */
export interface SignedLine<T> {
  readonly value: T
  readonly note: SignedNote
}

/** How a kind of file is written and read. `read` may throw {@link InvalidEpochFile}. */
export interface LineFormat<T> {
  readonly type: string
  /** Keys in the order of the line. */
  write(value: T): JsonObject
  read(line: JsonObject): T
}

const HASH_BYTES = 32

/**
 * A value as a signed note.
 *
 * @throws {RangeError} when it is more than 16 MiB
 */
export async function signLine<T>(
  format: LineFormat<T>,
  value: T,
  signer: NoteSigner,
  hasher: Hasher,
): Promise<Uint8Array> {
  const text = lineOf(format, value)
  const bytes = encodeNote({ text, signatures: [await signNote(text, signer, hasher)] })
  if (bytes.length > EPOCH_FILE_BYTES_MAX)
    throw new RangeError(`${format.type} expected <= ${EPOCH_FILE_BYTES_MAX} bytes`)
  return bytes
}

/**
 * Reads a signed note of a format. Whatever `signLine` would have written otherwise is refused, so
 * that a value has one text. Who signed is for `verifyNote` to say.
 */
export function parseLine<T>(
  format: LineFormat<T>,
  bytes: Uint8Array,
): Result<SignedLine<T>, InvalidEpochFile> {
  const note = parseNote(bytes, EPOCH_FILE_BYTES_MAX)
  if (note.error !== undefined) return fail(new InvalidEpochFile(note.error.message))
  try {
    const line: unknown = JSON.parse(note.ok.text)
    if (!isObject(line)) throw new InvalidEpochFile(`${format.type} expected an object`)
    const value = format.read(line)
    if (lineOf(format, value) !== note.ok.text)
      throw new InvalidEpochFile(`${format.type} expected its keys, in their order, and no others`)
    return ok({ value, note: note.ok })
  } catch (error) {
    if (error instanceof InvalidEpochFile) return fail(error)
    if (error instanceof SyntaxError) return fail(new InvalidEpochFile(error.message))
    throw error
  }
}

function lineOf<T>({ type, write }: LineFormat<T>, value: T): string {
  return `${JSON.stringify({ type, ...write(value) })}\n`
}

/** A hash as files have it: base64. */
export function hashText(hash: Uint8Array): string {
  if (hash.length !== HASH_BYTES)
    throw new RangeError(`hash expected ${HASH_BYTES} bytes, got ${hash.length}`)
  return encodeBase64(hash)
}

/** A field that is a hash in base64. */
export function readHash(line: JsonObject, key: string): Uint8Array {
  const text = line[key]
  const hash = typeof text === 'string' ? decodeBase64(text) : undefined
  if (hash?.length !== HASH_BYTES) throw bad(key, '32 bytes in base64')
  return hash
}

/** A field that is text. */
export function readText(line: JsonObject, key: string): string {
  const text = line[key]
  if (typeof text !== 'string') throw bad(key, 'text')
  return text
}

/** A field that is a whole number, 0 or more. */
export function readCount(line: JsonObject, key: string): number {
  const value = line[key]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(key, 'a whole number')
  return value
}

/** A field that is a list of objects. */
export function readObjects(line: JsonObject, key: string): readonly JsonObject[] {
  const list = line[key]
  if (!Array.isArray(list) || !list.every(isObject)) throw bad(key, 'a list of objects')
  return list
}

/** A field that is an object. */
export function readObject(line: JsonObject, key: string): JsonObject {
  const value = line[key]
  if (!isObject(value)) throw bad(key, 'an object')
  return value
}

/** What is wrong with a field. */
export function bad(key: string, expected: string): InvalidEpochFile {
  return new InvalidEpochFile(`"${key}" expected ${expected}`)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
