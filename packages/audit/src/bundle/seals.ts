/**
 * Check 3: that each hour's entries lead to its SEAL, each SEAL to the checkpoint, and that hours
 * follow each other without sharing an entry.
 * @module
 */
import { BadCbor } from '../cbor.ts'
import { encodeHex, sameBytes } from '../base64.ts'
import { decodeEntry } from '../entry.ts'
import type { Entry, Seal } from '../entry.ts'
import { rootOfLeaves } from '../multi-proof.ts'
import { isConsistent, leafHash } from '../proof.ts'
import { decodeRow } from '../row.ts'
import { hourOf } from './context.ts'
import type { Context, PlacedEntry, SealedEpoch } from './context.ts'
import type { EpochPart, Part } from './format.ts'
import { several } from './verdict.ts'

/** Root that leaves of a part lead to; undefined when they lead to none. */
export function rootOfPart(
  { leaves, proof }: Part,
  size: number,
  { crypto }: Pick<Context, 'crypto'>,
): Uint8Array | undefined {
  const hashed = leaves.map(({ index, bytes }) => ({ index, leaf: leafHash(bytes, crypto) }))
  return rootOfLeaves(hashed, size, proof, crypto)
}

/**
 * Hours whose SEALs hold, in order.
 *
 * @example
 * const sealed = sealedEpochs(context)
 */
export function sealedEpochs(context: Context): SealedEpoch[] {
  const { bundle, checks } = context
  const sealed: SealedEpoch[] = []
  for (const part of bundle.epochs) {
    const epoch = sealedEpoch(part, context)
    if (epoch === undefined) continue
    checkOrder(sealed.at(-1), epoch, context)
    sealed.push(epoch)
  }
  const found = `the SEALs of ${several(sealed.length, 'hour')} lead to the checkpoint`
  checks.say('seals', sealed.length === 0 ? 'no hour is sealed yet' : found)
  return sealed
}

function sealedEpoch(part: EpochPart, context: Context): SealedEpoch | undefined {
  const { checks, crypto, head } = context
  const where = hourOf(part.epoch)
  const findings = checks.of('seals')
  const entries = decodedEntries(part.entries, where, context)
  const last = entries?.at(-1)
  if (entries === undefined || last?.entry.kind !== 'seal') {
    findings.add(where, 'its SEAL as the last entry', last?.entry.kind ?? 'no entries')
    return undefined
  }
  const seal = last.entry
  findings.same(`${where}, epoch of the SEAL`, part.epoch, seal.epoch)
  findings.same(`${where}, place of the SEAL`, seal.end - 1, last.index)
  const root = rootOfPart(part.entries, seal.end, context)
  const before = root && { size: seal.end, root }
  if (before === undefined || !isConsistent(before, head, part.consistency, crypto)) {
    findings.add(where, 'entries that lead to the checkpoint’s root', 'others')
    return undefined
  }
  const sealLeaf = leafHash(part.entries.leaves.at(-1)!.bytes, crypto)
  const rows = rowsOf(part, seal, context)
  return { part, seal, sealLeaf, root: before.root, entries: entries.slice(0, -1), rows }
}

/** Entries of a part; undefined, and a finding, when one is none. */
export function decodedEntries(
  { leaves }: Part,
  where: string,
  { checks }: Pick<Context, 'checks'>,
): PlacedEntry[] | undefined {
  const entries: PlacedEntry[] = []
  for (const { index, bytes } of leaves) {
    const entry = decoded(() => decodeEntry(bytes))
    if (entry === undefined) {
      checks.of('entries').add(`${where}, entry ${index}`, 'an entry', 'other bytes')
      return undefined
    }
    entries.push({ index, entry: entry as Entry })
  }
  return entries
}

/** Rows of an hour, if they lead to the root that its SEAL has for them. */
function rowsOf(part: EpochPart, seal: Seal, context: Context): SealedEpoch['rows'] {
  const findings = context.checks.of('sums')
  const where = `${hourOf(part.epoch)}, rows`
  if (part.rows.leaves.length === 0) return []
  const root = rootOfPart(part.rows, part.rowsSize, context)
  if (root === undefined || !sameBytes(root, seal.summaryRoot)) {
    const found = root === undefined ? 'no root' : encodeHex(root)
    findings.add(where, `the summary root of the SEAL, ${encodeHex(seal.summaryRoot)}`, found)
    return []
  }
  const rows = part.rows.leaves.map(({ bytes }) => decoded(() => decodeRow(bytes)))
  if (!rows.includes(undefined)) return rows as SealedEpoch['rows']
  findings.add(where, 'rows', 'other bytes')
  return []
}

function checkOrder(
  before: SealedEpoch | undefined,
  { seal, part }: SealedEpoch,
  { checks }: Context,
): void {
  const findings = checks.of('seals')
  const where = hourOf(part.epoch)
  if (seal.first >= seal.end) findings.add(where, 'entries', 'a SEAL of none')
  if (before === undefined) return
  const { epoch, end } = before.seal
  if (seal.epoch <= epoch) findings.add(where, `an hour after ${hourOf(epoch)}`, 'an earlier one')
  if (seal.first < end) findings.add(where, `entries from ${end} on`, `from ${seal.first}`)
  if (seal.previousEpoch !== epoch) return
  findings.same(`${where}, first entry`, end, seal.first)
  findings.same(`${where}, root before it`, encodeHex(before.root), encodeHex(seal.previousRoot))
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof BadCbor) return undefined
    throw error
  }
}
