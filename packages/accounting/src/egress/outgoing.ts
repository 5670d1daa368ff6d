/**
 * What a gateway tells another service of its reads: one record a read, or one for all reads of a
 * space and a CID in a minute.
 * @module
 */
import { keyOf } from '@turnpike/core/bytes'
import { EGRESS_RECORD_BYTES_MAX } from '@turnpike/core/limits/queue'
import { ENTRY_ID_BYTES } from '@turnpike/core/log/encode'
import { type LogEntry, READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { type Link, linkFromBytes, linkFromString, linkToString } from '@turnpike/core/link'
import type { Hasher } from '@turnpike/core/ports/runtime'

/** How reads are told: each by itself, or those of a minute together. */
export type RecordMode = 'read' | 'minute'

/** One record that is to be sent. */
export interface OutgoingRecord {
  readonly space: string
  readonly resource: Link
  readonly bytes: number
  /** Wall-clock ms: the end of the read, or the last one of those that are told together. */
  readonly servedAtMs: number
  /** Names the record among all of this gateway's. */
  readonly nonce: string
}

/** An entry of the log and its index. */
export interface IndexedEntry {
  readonly index: number
  readonly logged: LogEntry
}

/** Which reads are told, and how. */
export interface OutgoingRules {
  readonly mode: RecordMode
  /** DIDs of this gateway: what others delivered they tell themselves. */
  readonly providers: readonly string[]
  readonly hasher: Hasher
}

/**
 * Records of some entries that follow each other in the log. The same entries make the same
 * records. Nothing is told of reads that are not billed, that have no CID, or that no space pays.
 *
 * @example
 * const records = outgoingRecords(entries, { mode: 'read', providers: [did], hasher })
 */
export function outgoingRecords(
  entries: readonly IndexedEntry[],
  rules: OutgoingRules,
): readonly OutgoingRecord[] {
  const reads = entries.flatMap(({ index, logged }) =>
    logged.kind === 'read' && isTold(logged.entry, rules) ? [{ index, read: logged.entry }] : [],
  )
  return rules.mode === 'read'
    ? reads.flatMap(({ read }) => recordsOf(read.bytes, sayOf(read), nonceOf(read, rules)))
    : minutes(reads, rules)
}

type Said = Omit<OutgoingRecord, 'bytes' | 'nonce'>

const BILLED = READ_FLAGS.allowed | READ_FLAGS.content

function isTold(
  { flags, bytes, cid, space, provider }: ReadEntry,
  { providers }: OutgoingRules,
): boolean {
  const isBilled = (flags & BILLED) === BILLED && (flags & READ_FLAGS.synthetic) === 0
  const isOurs = providers.includes(provider) && !providers.includes(space)
  return isBilled && isOurs && bytes > 0n && cid !== null && linkFromBytes(cid) !== undefined
}

function sayOf({ space, cid, ts }: ReadEntry): Said {
  return { space, resource: linkFromBytes(cid!)!, servedAtMs: ts }
}

function nonceOf({ id }: ReadEntry, { hasher }: OutgoingRules): string {
  return receiptIdOf(id, hasher)
}

/** A record that says more than a receiver takes is several, so that no byte is lost. */
function recordsOf(bytes: bigint, said: Said, nonce: string): OutgoingRecord[] {
  const records: OutgoingRecord[] = []
  const most = BigInt(EGRESS_RECORD_BYTES_MAX)
  for (let left = bytes; left > 0n; left -= most) {
    const part = records.length === 0 ? nonce : `${nonce}-${records.length}`
    records.push({ ...said, bytes: Number(left < most ? left : most), nonce: part })
  }
  return records
}

interface Minute {
  readonly first: number
  bytes: bigint
  said: Said
}

const MINUTE_MS = 60_000

/** Sums by space, CID and minute. The first read's index tells them from those of other entries. */
function minutes(
  reads: readonly { readonly index: number; readonly read: ReadEntry }[],
  { hasher }: OutgoingRules,
): readonly OutgoingRecord[] {
  const sums = new Map<string, Minute>()
  for (const { index, read } of reads) {
    const said = sayOf(read)
    const key = `${Math.floor(read.ts / MINUTE_MS)} ${read.space} ${keyOf(read.cid!)}`
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { first: index, bytes: read.bytes, said })
    else {
      sum.bytes += read.bytes
      if (said.servedAtMs > sum.said.servedAtMs) sum.said = said
    }
  }
  return [...sums.values()].flatMap(({ first, bytes, said }) => {
    const minute = Math.floor(said.servedAtMs / MINUTE_MS)
    const name = utf8.encode(`${said.space} ${linkToString(said.resource)} ${minute} ${first}`)
    const id = hasher.sha256(name).subarray(0, ENTRY_ID_BYTES)
    return recordsOf(bytes, said, receiptIdOf(id, hasher))
  })
}

const utf8 = new TextEncoder()

/** A record as the queue keeps it: JSON. */
export function encodeOutgoing(record: OutgoingRecord): Uint8Array {
  return utf8.encode(JSON.stringify({ ...record, resource: linkToString(record.resource) }))
}

/**
 * The record that the queue kept; undefined for what is none.
 *
 * @example
 * const record = decodeOutgoing(held.body)
 */
export function decodeOutgoing(body: Uint8Array): OutgoingRecord | undefined {
  const fields = fieldsIn(body)
  const { space, bytes, servedAtMs, nonce } = fields
  const resource = linkFromString(String(fields['resource']))
  if (resource === undefined || typeof space !== 'string' || typeof nonce !== 'string')
    return undefined
  if (typeof bytes !== 'number' || typeof servedAtMs !== 'number') return undefined
  return { space, resource, bytes, servedAtMs, nonce }
}

function fieldsIn(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
