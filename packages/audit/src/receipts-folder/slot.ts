/**
 * The journal of one process (docs/reference/journal-files.md).
 * @module
 */
import { crc32 } from 'node:zlib'
import { join } from 'node:path'
import { BadCbor } from '../cbor.ts'
import { decodeEntry } from '../entry.ts'
import type { Findings } from '../findings.ts'
import { filesBelow, readIfThere } from '../files.ts'
import { readFrames } from './frames.ts'
import { RECORD, checkRecorded, readStopRecord } from './stop-record.ts'
import type { StopRecord } from './stop-record.ts'

/** What is known of a journal. */
export interface Slot {
  readonly name: string
  /** Entries that its files still hold, and the number of the one after them. */
  readonly entries: number
  readonly nextEntry: number
  /** Whether its process stopped cleanly, so that a record says what its files must be. */
  readonly isClean: boolean
}

const WAL = /^\d{20}\.wal$/
const MARKS = /^\d{20}\.marks$/
const DIGITS = 20
/** Always zeros: room that nobody wrote to. */
const ROOM = new Set(['reserve', 'spare.wal'])
const DURABLE_BYTES = 12
const DURABLE_TRIES_MAX = 3
const MARKS_SLOT_BYTES = 2048

/**
 * Checks the journal `name` in the folder `journals`.
 *
 * @param position entries of it that were taken into a log; undefined when that isn't known
 */
export function checkSlot(
  journals: string,
  name: string,
  position: number | undefined,
  findings: Findings,
): Slot {
  const slot = new SlotCheck(join(journals, name), `journal/${name}`, findings)
  const { first, nextEntry } = slot.check()
  if (position !== undefined && position > nextEntry)
    findings.add(slot.where, `>= ${position} entries, which the log has`, String(nextEntry))
  // While it is in use, files that a later commit has taken are released.
  if (position !== undefined && position < first && slot.isClean)
    findings.add(slot.where, `entries from ${position} on, which the log lacks`, `from ${first} on`)
  return { name, entries: nextEntry - first, nextEntry, isClean: slot.isClean }
}

class SlotCheck {
  readonly where: string
  readonly #folder: string
  readonly #findings: Findings
  readonly #record: StopRecord | undefined

  constructor(folder: string, where: string, findings: Findings) {
    this.#folder = folder
    this.where = where
    this.#findings = findings
    this.#record = readStopRecord(folder, where, findings)
  }

  get isClean(): boolean {
    return this.#record !== undefined
  }

  check(): { readonly first: number; readonly nextEntry: number } {
    const names = [...filesBelow(this.#folder)]
    const wals = names.filter((name) => WAL.test(name))
    if (this.#record !== undefined) this.#checkRecord(this.#record, names, wals)
    for (const name of names) this.#checkFile(name)
    // Before the entries that it counts, of which there may be more at any time.
    const durable = this.#durable()
    const range = this.#checkWals(wals)
    if (durable > range.nextEntry)
      this.#findings.add(`${this.where}/durable`, `<= ${range.nextEntry}`, String(durable))
    return range
  }

  /** The log releases files from the front, marks first; who sequences may take the reserve. */
  #checkRecord(record: StopRecord, names: readonly string[], wals: readonly string[]): void {
    const there = new Set(names)
    for (const [name, file] of record) {
      const mayBeGone =
        name === 'reserve' ||
        (WAL.test(name) && name < (wals[0] ?? '')) ||
        (MARKS.test(name) && numberOf(name) < numberOf(wals.at(-1) ?? ''))
      if (mayBeGone && !there.has(name)) continue
      checkRecorded(join(this.#folder, name), `${this.where}/${name}`, file, this.#findings)
    }
    for (const name of names)
      if (name !== RECORD && !record.has(name))
        this.#findings.add(`${this.where}/${name}`, 'no file that the stop did not record', 'one')
  }

  /** What is known of a file without the others. */
  #checkFile(name: string): void {
    const where = `${this.where}/${name}`
    const isKnown = WAL.test(name) || MARKS.test(name) || ROOM.has(name)
    if (!isKnown && !['durable', RECORD, 'spare.marks'].includes(name))
      return this.#findings.add(where, 'no such file', 'one')
    if (ROOM.has(name)) this.#checkZeros(name, where)
    if (!MARKS.test(name)) return
    const size = readIfThere(join(this.#folder, name))?.length ?? 0
    if (size % MARKS_SLOT_BYTES !== 0)
      this.#findings.add(where, `slots of ${MARKS_SLOT_BYTES} bytes`, `${size} bytes`)
  }

  #checkZeros(name: string, where: string): void {
    const at = readIfThere(join(this.#folder, name))?.findIndex((byte) => byte !== 0) ?? -1
    if (at >= 0) this.#findings.add(`${where}, byte ${at}`, 'zeros', 'something else')
  }

  #checkWals(wals: readonly string[]): { readonly first: number; readonly nextEntry: number } {
    let first: number | undefined
    let nextEntry = 0
    for (const name of wals) {
      const where = `${this.where}/${name}`
      // The log may have released it since its name was read.
      const file = readIfThere(join(this.#folder, name))
      if (file === undefined) continue
      if (first !== undefined)
        this.#findings.same(`${where}, first entry`, nextEntry, numberOf(name))
      first ??= numberOf(name)
      const frames = readFrames(file, numberOf(name), (bytes, number, at) =>
        this.#checkEntry(bytes, `${where}, byte ${at}, entry ${number}`),
      )
      nextEntry = frames.nextEntry
      const mayBeTorn = name === wals.at(-1) && !this.isClean
      if (frames.rest === 'corrupt' || (frames.rest === 'torn' && !mayBeTorn))
        this.#findings.add(`${where}, byte ${frames.bytes}`, 'a whole frame', 'something else')
    }
    return { first: first ?? 0, nextEntry }
  }

  #checkEntry(bytes: Uint8Array, where: string): void {
    try {
      decodeEntry(bytes)
    } catch (error) {
      if (!(error instanceof BadCbor)) throw error
      this.#findings.add(where, 'an entry', error.message)
    }
  }

  /** Entries that are durable: after a power loss it may say less than there are, never more. */
  #durable(): number {
    // A read beside a write may see halves of both: then the next one won't.
    for (let tries = 0; tries < DURABLE_TRIES_MAX; tries++) {
      const bytes = readIfThere(join(this.#folder, 'durable'))
      if (bytes === undefined) return 0
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      if (bytes.length === DURABLE_BYTES && crc32(bytes.subarray(0, 8)) === view.getUint32(8))
        return Number(view.getBigUint64(0))
    }
    const expected = 'a number of entries, and its CRC-32'
    this.#findings.add(`${this.where}/durable`, expected, 'other bytes')
    return 0
  }
}

/** Number of the first entry, as the name of a file or of its marks says it. */
function numberOf(name: string): number {
  return Number(name.slice(0, DIGITS))
}
