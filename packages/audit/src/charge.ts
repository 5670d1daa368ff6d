/**
 * What each entry adds, and to whom (docs/reference/log-files.md, "Summary rows" and "Ledger").
 * @module
 */
import type { Entry, Fetch, Read } from './entry.ts'

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
const NO_CID = new Uint8Array(0)

/** Bytes that a read is billed: those of content that was allowed and is no probe of our own. */
export function billedBytes({ flags, bytes }: Read): bigint {
  const billed = (flags & ALLOWED) > 0 && (flags & CONTENT) > 0 && (flags & SYNTHETIC) === 0
  return billed ? bytes : 0n
}

/** The READs among the last entries, by id, for the FETCHes that follow. */
export class Readers {
  readonly #byId = new Map<string, { readonly read: Read; readonly index: number }>()
  /** Ids by index, round and round. */
  readonly #ids: (string | undefined)[] = []

  /** Notes the entry at `index`; entries come in order. */
  note(index: number, entry: Entry): void {
    const slot = index % FETCH_WINDOW_ENTRIES
    const gone = this.#ids[slot]
    // A later READ may have come with the same id: that one stays.
    if (gone !== undefined && this.#byId.get(gone)!.index <= index - FETCH_WINDOW_ENTRIES)
      this.#byId.delete(gone)
    const id = entry.kind === 'read' ? nameOf(entry.id) : undefined
    this.#ids[slot] = id
    if (entry.kind === 'read') this.#byId.set(id!, { read: entry, index })
  }

  /** The READ that the FETCH at `index` belongs to. To be asked before that is noted. */
  of(index: number, { id }: Fetch): Read | undefined {
    const found = this.#byId.get(nameOf(id))
    const isNear = found !== undefined && index - found.index <= FETCH_WINDOW_ENTRIES
    return isNear ? found.read : undefined
  }
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

/** An id as a key of a map. */
function nameOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1')
}
