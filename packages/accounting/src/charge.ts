/**
 * What one log entry adds, and to whose account: the rule that summary and ledger share.
 * Source: design, "The log", READ, FETCH and VOID.
 * @module
 */
import { FETCH_WINDOW_ENTRIES_MAX } from '@turnpike/core/limits/log'
import { ENTRY_ID_BYTES } from '@turnpike/core/log/encode'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import type { LogEntry, ReadEntry } from '@turnpike/core/log/entry'
import type { UsageCounts } from '@turnpike/core/ports/ledger'
import { TILE_WIDTH } from '@turnpike/core/merkle/tile'
import { decodeLogged } from './reader.ts'
import type { LogReader } from './reader.ts'
import { readKept } from './retention/kept.ts'

/** What an entry adds to the sums of one space. */
export interface Charge extends UsageCounts {
  readonly space: string
  /** The gateway that delivered, or the remote provider that was drawn on. */
  readonly provider: string
  readonly region: string
  /** CID that was asked for, when content was delivered; else null. */
  readonly cid: Uint8Array | null
  readonly executions: number
}

const NOTHING = {
  cid: null,
  reads: 0,
  denied: 0,
  errors: 0,
  bytes: 0n,
  bytesDelivered: 0n,
  bytesFetched: 0n,
  bytesVoided: 0n,
  executions: 0,
} as const

/** Least status that counts as an error. */
const STATUS_ERROR_MIN = 400
/** Flags of a billable read: all of `BILLED`, and none of `UNBILLED`. */
const BILLED = READ_FLAGS.allowed | READ_FLAGS.content
const UNBILLED = READ_FLAGS.synthetic

/**
 * Billable bytes of a read: content that was allowed and is not the operator's own probe.
 *
 * @example
 * billableBytes({ ...read, flags: READ_FLAGS.allowed | READ_FLAGS.content }) // read.bytes
 */
export function billableBytes(read: ReadEntry): bigint {
  return (read.flags & (BILLED | UNBILLED)) === BILLED ? read.bytes : 0n
}

const ID_WORDS = ENTRY_ID_BYTES / 4

/** Who pays for the fetches of a read. */
interface Payer {
  readonly space: string
  readonly region: string
}

/** Payer of a FETCH whose READ is out of reach. */
const NOBODY: Payer = { space: '', region: '' }

/**
 * Charges entries in log order. A FETCH is charged to the space of the READ with its id among the
 * 65,536 entries before it, else to the empty name: a rule that gives every reader of the log the
 * same sums, with bounded memory.
 *
 * @example
 * const charges = new Charges()
 * await charges.warm(reader, first)
 * const charge = charges.charge(first, entry, undefined)
 */
export class Charges {
  /** Ring by log index: ids of the last entries, and who pays where they are READs. */
  readonly #ids = new Uint32Array(FETCH_WINDOW_ENTRIES_MAX * ID_WORDS)
  readonly #payers: (Payer | undefined)[] = Array.from({ length: FETCH_WINDOW_ENTRIES_MAX })
  readonly #id = new Uint8Array(ENTRY_ID_BYTES)
  readonly #idWords = new Uint32Array(this.#id.buffer)

  /** Looks at the entries before `first`, so that FETCH entries from there on find their READ. */
  async warm(reader: LogReader, first: number): Promise<void> {
    const { droppingBundles } = await readKept(reader.store, reader.hasher)
    const start = Math.max(first - FETCH_WINDOW_ENTRIES_MAX, droppingBundles * TILE_WIDTH)
    // Never later than it should: so many entries before the first that is kept stay.
    for await (const run of reader.runs(Math.max(0, start), first))
      for (const [i, bytes] of run.entries.entries())
        this.#remember(run.first + i, decodeLogged(run.first + i, bytes))
  }

  /**
   * What the entry at `index` adds; undefined for entries that add nothing. `voided` is the entry
   * that a VOID names. Indexes follow each other.
   */
  charge(index: number, logged: LogEntry, voided: LogEntry | undefined): Charge | undefined {
    this.#remember(index, logged)
    switch (logged.kind) {
      case 'read':
        return chargeOfRead(logged.entry)
      case 'fetch': {
        const { provider, bytes, id } = logged.entry
        const { space, region } = this.#payerOf(index, id)
        return { ...NOTHING, space, provider, region, bytesFetched: bytes }
      }
      case 'exec': {
        const { space, provider, region } = logged.entry
        return { ...NOTHING, space, provider, region, executions: 1 }
      }
      case 'void': {
        if (voided?.kind !== 'read') return undefined
        const { space, provider, region, cid } = chargeOfRead(voided.entry)
        const bytesVoided = billableBytes(voided.entry)
        return { ...NOTHING, space, provider, region, cid, bytesVoided }
      }
      case 'ack':
      case 'seal':
        return undefined
    }
  }

  /** Steps over the entry at `index`, which is no READ. */
  skip(index: number): void {
    this.#payers[index % FETCH_WINDOW_ENTRIES_MAX] = undefined
  }

  #remember(index: number, logged: LogEntry): void {
    if (logged.kind !== 'read') return this.skip(index)
    const slot = index % FETCH_WINDOW_ENTRIES_MAX
    const { id, space, region } = logged.entry
    this.#payers[slot] = { space, region }
    this.#id.set(id)
    this.#ids.set(this.#idWords, slot * ID_WORDS)
  }

  /** Looks back from the FETCH at `index`: its READ is nearly always just before it. */
  #payerOf(index: number, id: Uint8Array): Payer {
    this.#id.set(id)
    const [a, b, c, d] = this.#idWords
    const ids = this.#ids
    const last = Math.max(0, index - FETCH_WINDOW_ENTRIES_MAX + 1)
    for (let i = index - 1; i >= last; i--) {
      const slot = i % FETCH_WINDOW_ENTRIES_MAX
      const word = slot * ID_WORDS
      if (ids[word] !== a || ids[word + 1] !== b || ids[word + 2] !== c || ids[word + 3] !== d)
        continue
      const payer = this.#payers[slot]
      if (payer !== undefined) return payer
    }
    return NOBODY
  }
}

function chargeOfRead(read: ReadEntry): Charge {
  const { space, provider, region, count } = read
  const content = (read.flags & READ_FLAGS.content) !== 0
  const denied = read.deny !== DENY.none
  return {
    space,
    provider,
    region,
    cid: content ? read.cid : null,
    reads: count,
    denied: denied ? count : 0,
    errors: !denied && read.status >= STATUS_ERROR_MIN ? count : 0,
    bytes: billableBytes(read),
    bytesDelivered: read.bytes,
    bytesFetched: 0n,
    bytesVoided: 0n,
    executions: 0,
  }
}
