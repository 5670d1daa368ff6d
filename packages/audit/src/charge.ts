/**
 * What each entry adds, and to whom (docs/reference/log-files.md, "Summary rows" and "Ledger").
 * @module
 */
import type { Entry, Fetch, Read } from './entry.ts'
import { sameBytes } from './findings.ts'

/** Sums that the ledger keeps, as its columns are called. */
export const COUNTS = [
  'reads',
  'denied',
  'errors',
  'bytes',
  'bytes_delivered',
  'bytes_fetched',
  'bytes_voided',
] as const

/** One of {@link COUNTS}. */
export type Count = (typeof COUNTS)[number]

/** What an entry adds; what it doesn't name, it adds nothing to. */
export type Added = Readonly<Partial<Record<Count, bigint>>>

/** An entry's share in the sums. */
export interface Charge {
  readonly space: string
  readonly provider: string
  readonly region: string
  /** The CID of content, or empty. */
  readonly cid: Uint8Array
  readonly adds: Added
  readonly executions: bigint
}

const ALLOWED = 1
const CONTENT = 128
const SYNTHETIC = 512
const STATUS_ERROR_MIN = 400
/** Entries before a FETCH among which its READ is looked for. */
export const FETCH_WINDOW_ENTRIES = 65_535
/** Places of a table of READs: of 16 bits. */
const PLACES = 65_536
const NO_CID = new Uint8Array(0)

/** Bytes that a read is billed: those of content that was allowed and is no probe of our own. */
export function billedBytes({ flags, bytes }: Read): bigint {
  const billed = (flags & ALLOWED) > 0 && (flags & CONTENT) > 0 && (flags & SYNTHETIC) === 0
  return billed ? bytes : 0n
}

/**
 * The READs among the last entries, by id, for the FETCHes that follow: a table of chains, from
 * each READ to the one before whose id falls into the same place. Nothing is taken out: what is
 * too long ago ends a chain.
 */
export class Readers {
  /** By index, round and round. */
  readonly #reads: (Read | undefined)[] = []
  /** Index of the next READ in the chain of each of these; -1 at the end. */
  readonly #before = new Float64Array(FETCH_WINDOW_ENTRIES)
  readonly #newest = new Float64Array(PLACES).fill(-1)

  /** Notes the entry at `index`; entries come in order. */
  note(index: number, entry: Entry): void {
    const slot = index % FETCH_WINDOW_ENTRIES
    this.#reads[slot] = entry.kind === 'read' ? entry : undefined
    if (entry.kind !== 'read') return
    const place = placeOf(entry.id)
    this.#before[slot] = this.#newest[place]!
    this.#newest[place] = index
  }

  /** The READ that the FETCH at `index` belongs to. To be asked before that is noted. */
  of(index: number, { id }: Fetch): Read | undefined {
    const oldest = Math.max(0, index - FETCH_WINDOW_ENTRIES)
    for (let at = this.#newest[placeOf(id)]!; at >= oldest;) {
      const slot = at % FETCH_WINDOW_ENTRIES
      const read = this.#reads[slot]
      if (read !== undefined && sameBytes(read.id, id)) return read
      at = this.#before[slot]!
    }
    return undefined
  }
}

function placeOf(id: Uint8Array): number {
  const view = new DataView(id.buffer, id.byteOffset, id.length)
  return Math.imul(view.getUint32(0) ^ view.getUint32(12), 0x9e3779b1) >>> 16
}

/**
 * What an entry adds; undefined for what adds nothing.
 *
 * @param other the READ of a FETCH, or the entry that a VOID names
 */
export function chargeOf(entry: Entry, other: Entry | undefined): Charge | undefined {
  switch (entry.kind) {
    case 'read':
      return chargeOfRead(entry)
    case 'fetch': {
      const { space, region } = other?.kind === 'read' ? other : { space: '', region: '' }
      const adds = { bytes_fetched: entry.bytes }
      return { space, region, provider: entry.provider, cid: NO_CID, adds, executions: 0n }
    }
    case 'exec': {
      const { space, provider, region } = entry
      return { space, provider, region, cid: NO_CID, adds: {}, executions: 1n }
    }
    case 'void': {
      if (other?.kind !== 'read') return undefined
      return { ...chargeOfRead(other), adds: { bytes_voided: billedBytes(other) } }
    }
    default:
      return undefined
  }
}

function chargeOfRead(read: Read): Charge {
  const { space, provider, region, deny, status, count } = read
  const reads = BigInt(count)
  const adds = {
    reads,
    denied: deny === 0 ? 0n : reads,
    errors: deny === 0 && status >= STATUS_ERROR_MIN ? reads : 0n,
    bytes: billedBytes(read),
    bytes_delivered: read.bytes,
  }
  const cid = (read.flags & CONTENT) > 0 && read.cid !== null ? read.cid : NO_CID
  return { space, provider, region, cid, adds, executions: 0n }
}
