/**
 * A READ as JSON, for who may see it: each field by its name, codes as words.
 * @module
 */
import { linkFromBytes, linkToString } from '@turnpike/core/link'
import { DENY, GRADE, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'

/** Fields of a READ (docs/reference/receipts-http.md). */
export interface ReadJson {
  /** RFC 3339, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly domain: string
  readonly space: string
  readonly provider: string
  readonly region: string
  readonly cid: string | null
  readonly status: number
  /** Decimal. */
  readonly bytes: string
  readonly flags: readonly string[]
  /** Why it was refused; null for what was not. */
  readonly deny: string | null
  readonly count: number
  readonly grade: string
}

/**
 * Fields of a READ. The secret `id` is not among them.
 *
 * @example
 * readJson(read).bytes // '1048576'
 */
export function readJson(read: ReadEntry): ReadJson {
  const { started, ts, domain, space, provider, region, cid, status, bytes, count } = read
  const link = cid === null ? undefined : linkFromBytes(cid)
  return {
    startedAt: new Date(started).toISOString(),
    endedAt: new Date(ts).toISOString(),
    domain,
    space,
    provider,
    region,
    cid: link === undefined ? null : linkToString(link),
    status,
    bytes: String(bytes),
    flags: Object.entries(READ_FLAGS).flatMap(([name, bit]) => (read.flags & bit ? [name] : [])),
    deny: read.deny === DENY.none ? null : nameOf(DENY, read.deny),
    count,
    grade: nameOf(GRADE, read.grade),
  }
}

/** Name of a code; the code of one that is not known here. */
function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? String(code)
}
