/**
 * Checks 4 and 5: that listed entries are those of the hour, add up to its rows, and are there
 * once.
 * @module
 */
import { encodeHex, sameBytes } from '../base64.ts'
import { leafHash } from '../proof.ts'
import type { Row } from '../row.ts'
import { hourOf } from './context.ts'
import type { Context, PlacedEntry, SealedEpoch } from './context.ts'
import { countEntries, rowKey } from './counting.ts'
import type { Part } from './format.ts'
import { decodedEntries, rootOfPart } from './seals.ts'
import { several } from './verdict.ts'

/** What an hour that is not sealed adds up to. */
export interface OpenEpoch {
  readonly epoch: number
  readonly entries: readonly PlacedEntry[]
  readonly rows: readonly Row[]
}

/**
 * Checks that the entries that are listed of sealed hours add up to the hours' rows.
 *
 * @example
 * checkListed(sealed, context)
 */
export function checkListed(sealed: readonly SealedEpoch[], { checks }: Context): void {
  let entries = 0
  const listed = sealed.filter(({ part }) => part.isListed)
  for (const epoch of listed) {
    const { first, end } = epoch.seal
    const counted = countEntries(epoch.entries, { first, end: end - 1 })
    compareRows(epoch.rows, counted, hourOf(epoch.part.epoch), checks)
    entries += epoch.entries.length
  }
  if (listed.length > 0)
    checks.say('entries', `${entries} listed entries of sealed hours add up to their rows`)
  else if (sealed.length > 0) checks.say('entries', 'rows stand for the entries of sealed hours')
}

/**
 * What the hour that goes on adds up to, if its entries lead to the checkpoint.
 *
 * @param end of the last sealed hour of the bundle: what is before is not of this hour
 */
export function openEpoch(end: number, context: Context): OpenEpoch | undefined {
  const { bundle, checks, head } = context
  const { open } = bundle
  if (open === null) return undefined
  const where = `${hourOf(open.epoch)}, not sealed`
  const findings = checks.of('entries')
  const entries = decodedEntries(open.entries, where, context)
  const root = rootOfPart(open.entries, head.size, context)
  if (entries === undefined || root === undefined || !sameBytes(root, head.root)) {
    findings.add(where, 'entries that lead to the checkpoint’s root', 'others')
    return undefined
  }
  const seal = entries.flatMap(({ entry }) => (entry.kind === 'seal' ? [entry] : [])).at(-1)
  const first = seal?.end ?? 0
  if (first < end) findings.add(where, `entries from ${end} on`, `entries from ${first} on`)
  if (seal !== undefined && seal.epoch >= open.epoch)
    findings.add(where, `an hour after ${hourOf(seal.epoch)}`, 'an earlier one')
  const own = entries.filter(({ index }) => index >= first)
  checks.say('entries', `entries that are not sealed yet lead to the checkpoint: ${own.length}`)
  const rows = [...countEntries(entries, { first, end: head.size }).values()]
  return { epoch: open.epoch, entries: own, rows }
}

/** Checks that no read is there twice, and that VOIDs take back what they name, each once. */
export function checkOnce(
  parts: readonly { readonly part: Part; readonly entries: readonly PlacedEntry[] }[],
  { checks, crypto }: Context,
): void {
  const findings = checks.of('once')
  const ids = new Map<string, number>()
  const targets = new Set<number>()
  const listed = new Map<number, Uint8Array>()
  for (const { part } of parts) for (const { index, bytes } of part.leaves) listed.set(index, bytes)
  for (const { index, entry } of parts.flatMap(({ entries }) => entries)) {
    if (entry.kind === 'read') {
      const id = encodeHex(entry.id)
      const before = ids.get(id)
      if (before !== undefined && before !== index)
        findings.add(`entry ${index}`, 'a read of its own', `that of entry ${before} again`)
      ids.set(id, index)
    }
    if (entry.kind !== 'void') continue
    const target = listed.get(entry.index)
    if (targets.has(entry.index)) findings.add(`entry ${index}`, 'a read voided once', 'twice')
    if (target !== undefined && !sameBytes(leafHash(target, crypto), entry.leaf))
      findings.add(`entry ${index}`, 'the leaf of what it voids', 'another')
    targets.add(entry.index)
  }
  const reads = ids.size === 0 ? '' : `; ${several(ids.size, 'listed read')}, each once`
  checks.say('once', `hours share no entry${reads}`)
}

function compareRows(
  rows: readonly Row[],
  counted: ReadonlyMap<string, Row>,
  where: string,
  checks: Context['checks'],
): void {
  const findings = checks.of('entries')
  const rest = new Map(counted)
  for (const row of rows) {
    const found = rest.get(rowKey(row))
    rest.delete(rowKey(row))
    findings.same(`${where}, row of ${row.space}`, sumsText(row), sumsText(found))
  }
  for (const row of rest.values())
    findings.add(`${where}, row of ${row.space}`, 'a row', `none for ${sumsText(row)}`)
}

function sumsText(row: Row | undefined): string {
  const { bytes = 0n, bytesFetched = 0n, reads = 0n, denied = 0n } = row ?? {}
  const { executions = 0n, bytesVoided = 0n } = row ?? {}
  return (
    `${bytes} bytes, ${bytesVoided} voided, ${bytesFetched} fetched, ` +
    `${reads} reads, ${denied} refused, ${executions} executions`
  )
}
