/**
 * What a log says of its epochs, in the files that it signs and publishes: `.root`, `.anchor`,
 * `.final`.
 * @module
 */
import { decodeBase64 } from './base64.ts'
import { BadNote } from './note.ts'
import type { Note } from './note.ts'
import { parseSignedLine, type SignedLine } from './signed-line.ts'

/** What a `.root` says. Nobody has looked at its signature. */
export interface EpochRoot {
  readonly note: Note
  readonly origin: string
  readonly epoch: number
  readonly previousEpoch: number | null
  /** Its entries: `first` to before `end`; the SEAL is the last. */
  readonly first: number
  readonly end: number
  /** Root of the log at size `end`, and at size `first`. */
  readonly root: Uint8Array
  readonly previousRoot: Uint8Array
  /** Leaf hash of the SEAL. */
  readonly sealLeaf: Uint8Array
  readonly summaryRoot: Uint8Array
  /** A signed note of origin, `end` and `root`. */
  readonly checkpoint: string
}

/** One anchor's standing, or its proof that an epoch is there for good. */
export interface EpochAnchoring {
  readonly anchor: string
  readonly state: 'sent' | 'anchored' | 'final'
  /** Null while it is only sent. */
  readonly proof: Readonly<Record<string, unknown>> | null
}

/** What a `.anchor` or a `.final` says. Nobody has looked at its signature. */
export interface EpochAnchors {
  readonly note: Note
  readonly origin: string
  readonly epoch: number
  readonly end: number
  readonly root: Uint8Array
  readonly anchors: readonly EpochAnchoring[]
}

/** What a `.final` says. */
export interface EpochFinal extends EpochAnchors {
  /** What was issued, as it was published. */
  readonly issuance: SignedLine['fields']
}

type Fields = SignedLine['fields']

const HASH_BYTES = 32
const ANCHORS_MAX = 64
const STATES = ['sent', 'anchored', 'final'] as const

/**
 * Reads a `.root`.
 *
 * @throws {BadNote}
 * @example
 * const { end, root } = parseEpochRoot(await readFile('receipts/read/490001.root'))
 */
export function parseEpochRoot(file: Uint8Array | string): EpochRoot {
  const { note, fields } = parseSignedLine('turnpike-epoch-root/v1', file)
  const previous = fields['previousEpoch']
  return {
    note,
    origin: textIn(fields, 'origin'),
    epoch: countIn(fields, 'epoch'),
    previousEpoch: previous === null ? null : countIn(fields, 'previousEpoch'),
    first: countIn(fields, 'first'),
    end: countIn(fields, 'end'),
    root: hashIn(fields, 'root'),
    previousRoot: hashIn(fields, 'previousRoot'),
    sealLeaf: hashIn(fields, 'sealLeaf'),
    summaryRoot: hashIn(fields, 'summaryRoot'),
    checkpoint: textIn(fields, 'checkpoint'),
  }
}

/**
 * Reads a `.anchor`.
 *
 * @throws {BadNote}
 */
export function parseEpochAnchor(file: Uint8Array | string): EpochAnchors {
  const { note, fields } = parseSignedLine('turnpike-epoch-anchor/v1', file)
  return { note, ...anchorsIn(fields, (one) => stateIn(one)) }
}

/**
 * Reads a `.final`. What was issued is not looked into.
 *
 * @throws {BadNote}
 */
export function parseEpochFinal(file: Uint8Array | string): EpochFinal {
  const { note, fields } = parseSignedLine('turnpike-epoch-final/v1', file)
  const { issuance } = fields
  if (!isObject(issuance)) throw bad('issuance', 'an object')
  return { note, ...anchorsIn(fields, () => 'final'), issuance }
}

function anchorsIn(
  fields: Fields,
  state: (one: Fields) => EpochAnchoring['state'],
): Omit<EpochAnchors, 'note'> {
  const anchors = fields['anchors']
  if (!Array.isArray(anchors) || anchors.length > ANCHORS_MAX || !anchors.every(isObject))
    throw bad('anchors', `a list of <= ${ANCHORS_MAX} objects`)
  return {
    origin: textIn(fields, 'origin'),
    epoch: countIn(fields, 'epoch'),
    end: countIn(fields, 'end'),
    root: hashIn(fields, 'root'),
    anchors: anchors.map((one) => ({
      anchor: textIn(one, 'anchor'),
      state: state(one),
      proof: proofIn(one),
    })),
  }
}

function proofIn({ proof }: Fields): EpochAnchoring['proof'] {
  if (proof === null || isObject(proof)) return proof
  throw bad('proof', 'an object or null')
}

function stateIn({ state }: Fields): EpochAnchoring['state'] {
  const found = STATES.find((one) => one === state)
  if (found === undefined) throw bad('state', STATES.join(', '))
  return found
}

function textIn(fields: Fields, key: string): string {
  const value = fields[key]
  if (typeof value !== 'string') throw bad(key, 'text')
  return value
}

function countIn(fields: Fields, key: string): number {
  const value = fields[key]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(key, 'a whole number')
  return value
}

function hashIn(fields: Fields, key: string): Uint8Array {
  const hash = decodeBase64(textIn(fields, key))
  if (hash?.length !== HASH_BYTES) throw bad(key, 'a hash in base64')
  return hash
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(key: string, expected: string): BadNote {
  return new BadNote(`"${key}" expected ${expected}`)
}
