/**
 * Statement bundles as docs/reference/statement-bundle.md has them: a statement with what shows
 * that its figures lie in a signed log.
 * @module
 */
import { asBytes, asCount, asList, asObject, asText, asTextOrNull, parseObject } from './fields.ts'
import { BadBundle, compactJson } from './fields.ts'
import type { Fields } from './fields.ts'
import { PROOF_HASHES_MAX } from '../proof.ts'

/** Type of a bundle. */
export const BUNDLE_TYPE = 'turnpike-statement-bundle/v1'
/** Bytes of a bundle's file at most. */
export const BUNDLE_BYTES_MAX: number = 256 * 1024 * 1024
/** Sealed hours at most: eleven years. */
export const BUNDLE_EPOCHS_MAX = 100_000
/** Entries of one hour at most. */
export const BUNDLE_ENTRIES_MAX = 500_000
/** Rows of one hour at most. */
export const BUNDLE_ROWS_MAX = 65_536
/** Hashes of a proof of many leaves at most: no more than so many leaves, so high, can need. */
export const BUNDLE_HASHES_MAX: number = 4 * BUNDLE_ENTRIES_MAX

/** Something at a place in a tree. */
export interface Placed {
  readonly index: number
  readonly bytes: Uint8Array
}

/** Leaves of a tree, and the hashes that lead from them to its root. */
export interface Part {
  readonly leaves: readonly Placed[]
  readonly proof: readonly Uint8Array[]
}

/** One sealed hour. */
export interface EpochPart {
  readonly epoch: number
  /** Whether `entries` has all of the statement's spaces, or only the SEAL, the last one. */
  readonly isListed: boolean
  /** Entries of the log, in the tree that ends with the hour's SEAL. */
  readonly entries: Part
  /** Rows of the statement's spaces, in the hour's summary of `rowsSize` rows. */
  readonly rows: Part
  readonly rowsSize: number
  /** Shows that the log of the checkpoint begins with the one that ends with the SEAL. */
  readonly consistency: readonly Uint8Array[]
  /** The hour's files as they were published, if they were. */
  readonly root: string | null
  readonly anchor: string | null
  readonly final: string | null
}

/** The hour that goes on, or is not sealed yet: entry by entry. */
export interface OpenPart {
  readonly epoch: number
  /** Entries of the log, in the checkpoint's tree. */
  readonly entries: Part
}

/** A bundle. */
export interface Bundle {
  /** The log's key as text. */
  readonly log: string
  /** A signed note: what the proofs lead to. */
  readonly checkpoint: string
  /** JSON of the statement, to the byte. */
  readonly statement: string
  readonly epochs: readonly EpochPart[]
  readonly open: OpenPart | null
  /** A signed note in which the gateway says that all of this is what it says. */
  readonly claim: string
  /** Everything but `claim`, as JSON: what the claim is about. */
  readonly body: string
  /** Whether the text says nothing twice, and nothing in two ways: it is compact, as documented. */
  readonly isCompact: boolean
}

/**
 * Reads a bundle. Nothing of it is believed yet.
 *
 * @throws {BadBundle}
 * @example
 * const bundle = parseBundle(await readFile('alice.json', 'utf8'))
 */
export function parseBundle(text: string): Bundle {
  if (text.length > BUNDLE_BYTES_MAX)
    throw new BadBundle(`bundle expected <= ${BUNDLE_BYTES_MAX} bytes, got ${text.length}`)
  const { claim, ...body } = parseObject(text, 'bundle')
  const type = asText(body['type'], 'type')
  if (type !== BUNDLE_TYPE) throw new BadBundle(`type expected ${BUNDLE_TYPE}, got ${type}`)
  const open = body['open']
  const json = compactJson(body, 'bundle')
  return {
    log: asText(body['log'], 'log'),
    checkpoint: asText(body['checkpoint'], 'checkpoint'),
    statement: asText(body['statement'], 'statement'),
    epochs: asList(body['epochs'], 'epochs', BUNDLE_EPOCHS_MAX).map((one, i) =>
      epochPart(asObject(one, `epochs[${i}]`), `epochs[${i}]`),
    ),
    open: open === null ? null : openPart(asObject(open, 'open')),
    claim: asText(claim, 'claim'),
    body: json,
    isCompact: isCompact(text, `${json.slice(0, -1)},"claim":${JSON.stringify(claim)}}`),
  }
}

/** Of a field that is there twice, one reader takes the first, and another the last. */
function isCompact(text: string, json: string): boolean {
  const found = text.endsWith('\n') ? text.slice(0, -1) : text
  // In a page, nothing may look like a tag.
  return found === json || found === json.replaceAll('<', String.raw`\u003c`)
}

function epochPart(fields: Fields, what: string): EpochPart {
  const rows = asObject(fields['rows'], `${what}.rows`)
  return {
    epoch: asCount(fields['epoch'], `${what}.epoch`),
    isListed: fields['listed'] === true,
    entries: part(asObject(fields['entries'], `${what}.entries`), `${what}.entries`),
    rows: part(rows, `${what}.rows`),
    rowsSize: asCount(rows['size'], `${what}.rows.size`),
    consistency: hashes(fields['consistency'], `${what}.consistency`, PROOF_HASHES_MAX),
    root: asTextOrNull(fields['root'], `${what}.root`),
    anchor: asTextOrNull(fields['anchor'], `${what}.anchor`),
    final: asTextOrNull(fields['final'], `${what}.final`),
  }
}

function openPart(fields: Fields): OpenPart {
  return {
    epoch: asCount(fields['epoch'], 'open.epoch'),
    entries: part(asObject(fields['entries'], 'open.entries'), 'open.entries'),
  }
}

function part(fields: Fields, what: string): Part {
  const leaves = asList(fields['leaves'], `${what}.leaves`, BUNDLE_ENTRIES_MAX)
  return {
    leaves: leaves.map((one, i) => {
      const [index, bytes] = asList(one, `${what}.leaves[${i}]`, 2)
      const place = `${what}.leaves[${i}]`
      return { index: asCount(index, place), bytes: asBytes(bytes, place) }
    }),
    proof: hashes(fields['proof'], `${what}.proof`, BUNDLE_HASHES_MAX),
  }
}

function hashes(value: unknown, what: string, max: number): Uint8Array[] {
  return asList(value, what, max).map((one, i) => asBytes(one, `${what}[${i}]`))
}
