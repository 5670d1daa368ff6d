/**
 * What the checks of one bundle work with, and what each finds out for those after it.
 * @module
 */
import type { AuditCrypto } from '../crypto.ts'
import type { Entry, Seal } from '../entry.ts'
import type { NoteKey } from '../note.ts'
import type { TreeHead } from '../proof.ts'
import type { Row } from '../row.ts'
import type { Bundle, EpochPart } from './format.ts'
import { EPOCH_MS } from './statement.ts'
import type { Statement } from './statement.ts'
import type { Checks } from './verdict.ts'

/** Who is believed. */
export interface Trust {
  /** The log's key as whoever checks has it from elsewhere; else the bundle's own is taken. */
  readonly key?: NoteKey
  /** Witnesses, and how many of them must have signed each hour's root. */
  readonly witnesses?: { readonly keys: readonly NoteKey[]; readonly quorum: number }
}

/** What the checks of one bundle work with. */
export interface Context {
  readonly bundle: Bundle
  readonly statement: Statement
  readonly crypto: AuditCrypto
  readonly trust: Trust
  readonly checks: Checks
  readonly key: NoteKey
  /** What the checkpoint says. */
  readonly head: TreeHead
}

/** An entry of the log at its place. */
export interface PlacedEntry {
  readonly index: number
  readonly entry: Entry
}

/** A sealed hour whose proofs hold. */
export interface SealedEpoch {
  readonly part: EpochPart
  readonly seal: Seal
  readonly sealLeaf: Uint8Array
  /** Root of the log that ends with the SEAL. */
  readonly root: Uint8Array
  /** Entries that were listed, the SEAL left out. */
  readonly entries: readonly PlacedEntry[]
  readonly rows: readonly Row[]
}

/** The last hour that a date can be of. */
const EPOCH_MAX = 2_400_000_000

/** How an hour is called in findings: `2026-11-21T07:00:00Z`. */
export function hourOf(epoch: number): string {
  if (epoch > EPOCH_MAX) return `hour ${epoch}`
  return `${new Date(epoch * EPOCH_MS).toISOString().slice(0, 19)}Z`
}
