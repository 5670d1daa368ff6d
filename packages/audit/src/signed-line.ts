/**
 * Signed notes whose text is one line of JSON: an epoch's files (docs/reference/epochs.md), and
 * what a gateway says of a statement.
 * @module
 */
import { BadNote, parseNote } from './note.ts'
import type { Note } from './note.ts'

/** Bytes of an epoch's file at most. */
export const SIGNED_LINE_BYTES_MAX: number = 16 * 1024 * 1024

/** A line, and the note that it stands in. Nobody has looked at its signatures. */
export interface SignedLine {
  readonly note: Note
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Reads a signed line of one type.
 *
 * @throws {BadNote} when it is none, or of another type
 * @example
 * const { fields } = parseSignedLine('turnpike-epoch-root/v1', text)
 */
export function parseSignedLine(type: string, text: Uint8Array | string): SignedLine {
  const note = parseNote(text, SIGNED_LINE_BYTES_MAX)
  let fields: unknown
  let compact: string
  try {
    fields = JSON.parse(note.text)
    compact = JSON.stringify(fields)
  } catch {
    // No JSON, or deeper than there is stack to write it again.
    throw new BadNote(`${type} expected a line of JSON`)
  }
  const isLine = typeof fields === 'object' && fields !== null
  // What has another spelling in JSON could say one thing to one reader and another to the next.
  if (!isLine || `${compact}\n` !== note.text)
    throw new BadNote(`${type} expected one compact line of JSON`)
  const found = (fields as SignedLine['fields'])['type']
  if (found !== type) throw new BadNote(`${type} expected, got ${String(found)}`)
  return { note, fields: fields as SignedLine['fields'] }
}
