/**
 * What statements must say, from log entries and changes of owners: an independent model. It adds
 * up entry by entry with no roll-ups, and asks for each hour of each space who pays for it.
 * @module
 */
import { join } from 'node:path'
import { Readers, billedBytes } from '@turnpike/audit/charge'
import { decodeEntry } from '@turnpike/audit/entry'
import type { Entry, Read } from '@turnpike/audit/entry'
import { LogFolder } from '@turnpike/audit/log-folder'
import { TILE_WIDTH, tilePath } from '@turnpike/audit/tree'

const HOUR_MS = 3_600_000

/** A line of a statement, as far as this model says it; sums as in the JSON. */
export interface ModelLine {
  readonly space: string
  readonly epoch: number
  readonly billedEpoch: number
  egressBytes: bigint
  deliveredBytes: bigint
  voidedBytes: bigint
  fetchedBytes: bigint
  reads: bigint
  denied: bigint
}

/** An entry with its place. */
export interface Placed {
  readonly index: number
  readonly epoch: number
  readonly entry: Entry
}

/** A space belongs to a customer for some hours. */
export interface Owned {
  readonly customer: string
  readonly first: number
  end: number
  /** Hour in which it was said. */
  readonly said: number
}

/** A change of owner; null: nobody has it any more. */
export interface Change {
  readonly epoch: number
  readonly customer: string | null
}

/** Reads all entries of a stopped folder, with the hour that each is in. */
export function placedEntries(data: string): Placed[] {
  const folder = new LogFolder(join(data, 'log'))
  const { size, bundle, open } = folder.state()
  const entries: Entry[] = []
  for (let i = 0; i * TILE_WIDTH < size; i++) {
    const isWhole = (i + 1) * TILE_WIDTH <= size
    const bytes = isWhole ? folder.file(tilePath(undefined, i))! : bundle
    for (let at = 0; at < bytes.length;) {
      const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!
      entries.push(decodeEntry(bytes.subarray(at + 2, end)))
      at = end
    }
  }
  const placed: Placed[] = []
  let epoch = open?.epoch ?? 0
  for (let index = size - 1; index >= 0; index--) {
    const entry = entries[index]!
    if (entry.kind === 'seal') epoch = entry.epoch
    placed.push({ index, epoch, entry })
  }
  return placed.toReversed()
}

/** Owners of a space after changes in order, by the rules of docs/concepts/metering.md. */
export function ownersOf(changes: readonly Change[]): Owned[] {
  let owners: Owned[] = []
  let said = 0
  for (const { epoch, customer } of changes) {
    const last = owners.at(-1)
    const has = last !== undefined && last.end === Infinity
    if (has ? last.customer === customer : customer === null) continue
    said = Math.max(epoch, said)
    if (has) last.end = said + 1
    // Who was to have it from the next hour on never had it.
    owners = owners.filter((one) => one.first < one.end)
    if (customer === null) continue
    const first = owners.at(-1)?.end ?? 0
    owners.push({ customer, first, end: Infinity, said })
  }
  return owners
}

/** Adds lines up. */
class Lines {
  readonly #lines = new Map<string, ModelLine>()

  add(at: Pick<ModelLine, 'space' | 'epoch' | 'billedEpoch'>, adds: Partial<ModelLine>): void {
    const key = JSON.stringify([at.space, at.epoch, at.billedEpoch])
    const line = this.#lines.get(key) ?? { ...at, ...NOTHING }
    for (const name of SUMS) line[name] += adds[name] ?? 0n
    line.egressBytes = line.deliveredBytes - line.voidedBytes
    this.#lines.set(key, line)
  }

  /** Lines that say something, in the order of statements. */
  all(): ModelLine[] {
    return [...this.#lines.values()]
      .filter((line) => SUMS.some((name) => line[name] !== 0n))
      .toSorted(
        (a, b) =>
          Number(a.space > b.space) - Number(a.space < b.space) ||
          a.epoch - b.epoch ||
          a.billedEpoch - b.billedEpoch,
      )
  }
}

const SUMS = ['deliveredBytes', 'voidedBytes', 'fetchedBytes', 'reads', 'denied'] as const
const NOTHING = {
  egressBytes: 0n,
  deliveredBytes: 0n,
  voidedBytes: 0n,
  fetchedBytes: 0n,
  reads: 0n,
  denied: 0n,
}

/** What one entry adds to a statement, and for which hour somebody must have owned the space. */
interface Item {
  readonly space: string
  /** Hour in which it stands. */
  readonly epoch: number
  /** Hour whose owner it is for: of a VOID that of its target. */
  readonly owedEpoch: number
  readonly adds: Partial<ModelLine>
}

/**
 * Lines of an account in a month.
 *
 * @param history owners by space
 * @example
 * const lines = modelLines(itemsOf(placed), owners, 'did:mailto:example.com:ann', '2026-11')
 */
export function modelLines(
  items: readonly Item[],
  history: ReadonlyMap<string, readonly Owned[]>,
  account: string,
  month: string,
): ModelLine[] {
  const lines = new Lines()
  for (const { space, epoch, owedEpoch, adds } of items) {
    const owners = history.get(space) ?? []
    const owner = owners.find((one) => one.first <= owedEpoch && owedEpoch < one.end)
    const billedEpoch = Math.max(epoch, owner?.said ?? 0)
    if (account !== 'suspense') {
      if (owner?.customer === account && monthOf(billedEpoch) === month)
        lines.add({ space, epoch, billedEpoch }, adds)
      continue
    }
    // In suspense in its own month, until in a later one somebody was named.
    if (owner === undefined || monthOf(owner.said) > monthOf(epoch)) {
      if (monthOf(epoch) === month) lines.add({ space, epoch, billedEpoch: epoch }, adds)
      if (owner !== undefined && monthOf(owner.said) === month)
        lines.add({ space, epoch, billedEpoch }, negated(adds))
    }
  }
  return lines.all()
}

/** What each entry adds. */
export function itemsOf(placed: readonly Placed[]): Item[] {
  const readers = new Readers()
  const voided = new Set<number>()
  return placed.flatMap(({ index, epoch, entry }): Item[] => {
    const reader = entry.kind === 'fetch' ? readers.of(index, entry) : undefined
    readers.note(index, entry)
    if (entry.kind === 'read')
      return [{ space: entry.space, epoch, owedEpoch: epoch, adds: addsOf(entry) }]
    if (entry.kind === 'fetch')
      return [
        {
          space: reader?.space ?? '',
          epoch,
          owedEpoch: epoch,
          adds: { fetchedBytes: entry.bytes },
        },
      ]
    const target = entry.kind === 'void' ? placed[entry.index]! : undefined
    if (target?.entry.kind !== 'read' || voided.has(target.index)) return []
    voided.add(target.index)
    const adds = { voidedBytes: billedBytes(target.entry) }
    return [{ space: target.entry.space, epoch, owedEpoch: target.epoch, adds }]
  })
}

function addsOf(read: Read): Partial<ModelLine> {
  const reads = BigInt(read.count)
  return { deliveredBytes: billedBytes(read), reads, denied: read.deny === 0 ? 0n : reads }
}

function negated(adds: Partial<ModelLine>): Partial<ModelLine> {
  return Object.fromEntries(SUMS.map((name) => [name, -(adds[name] ?? 0n)]))
}

/** Month of an hour: `2026-11`. */
export function monthOf(epoch: number): string {
  return new Date(epoch * HOUR_MS).toISOString().slice(0, '2026-11'.length)
}

/** A line as text, and a line of a statement's JSON as the same text. */
export function lineText(line: ModelLine): string {
  const { space, epoch, billedEpoch, ...sums } = line
  return JSON.stringify([space, epoch, billedEpoch, ...Object.values(sums).map(String)])
}

/** Lines of a statement's JSON that say something, as {@link lineText} has them. */
export function statedLines(json: string): string[] {
  const { lines } = JSON.parse(json) as { lines: Readonly<Record<string, string | number>>[] }
  return lines.flatMap((line) => {
    const epoch = Date.parse(String(line['hour'])) / HOUR_MS
    const billed =
      line['billed'] === undefined ? epoch : Date.parse(String(line['billed'])) / HOUR_MS
    const names = Object.keys(NOTHING) as (keyof typeof NOTHING)[]
    if (SUMS.every((name) => Number(line[name]) === 0)) return []
    return [
      JSON.stringify([line['space'], epoch, billed, ...names.map((name) => String(line[name]))]),
    ]
  })
}

/** Bytes of all lines together. */
export function egressOf(lines: readonly ModelLine[]): bigint {
  return lines.reduce((sum, line) => sum + line.egressBytes, 0n)
}

/** Bytes of a statement's JSON as a whole. */
export function statedTotal(json: string): bigint {
  const { egressBytes } = JSON.parse(json) as { egressBytes: number | string }
  return BigInt(egressBytes)
}
