/**
 * What a record of egress says.
 * @module
 */
import { CID } from 'multiformats/cid'
import { concatBytes } from '@turnpike/core/bytes'
import {
  EGRESS_AGE_MS_MAX,
  EGRESS_AHEAD_MS_MAX,
  EGRESS_RECORD_BYTES_MAX,
} from '@turnpike/core/limits/queue'
import { EGRESS_KEY_BYTES } from '@turnpike/core/ports/egress-recorder'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { Ucan, UcanCapability } from '@turnpike/core/ucan/archive'
import { MalformedCapability, ServedAtRefused } from './errors.ts'

/** Caveats of the capability, read. */
export interface Caveats {
  readonly resource: CID
  readonly bytes: number
  readonly servedAt: number
}

/** Reads what a record says; what it does not know it passes over. */
export function caveatsOf({
  with: space,
  nb,
}: UcanCapability): Result<Caveats, MalformedCapability> {
  const { resource, bytes, servedAt } = (nb ?? {}) as Readonly<Record<string, unknown>>
  const link = CID.asCID(resource)
  if (!space.startsWith('did:key:')) return malformed('with', 'a did:key', space)
  if (link === null || link.bytes.length > RESOURCE_BYTES_MAX)
    return malformed('resource', `a link of <= ${RESOURCE_BYTES_MAX} bytes`, resource)
  if (!isInteger(bytes) || bytes < 1 || bytes > EGRESS_RECORD_BYTES_MAX)
    return malformed('bytes', `an integer of 1 to ${EGRESS_RECORD_BYTES_MAX}`, bytes)
  if (!isInteger(servedAt) || servedAt < 0)
    return malformed('servedAt', 'an integer, ms since 1970', servedAt)
  return ok({ resource: link, bytes, servedAt })
}

/** Longest binary CID that fits into an entry of the log beside names. */
const RESOURCE_BYTES_MAX = 128

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function malformed(
  name: string,
  expected: string,
  got: unknown,
): Result<never, MalformedCapability> {
  return fail(new MalformedCapability(name, expected, String(got).slice(0, 100)))
}

const SECOND_MS = 1000

/**
 * Why nothing can have been served then, by our clock; undefined when it can.
 *
 * A client of Storacha's sends seconds: read as ms, they are a day in January 1970.
 */
export function servedAtFault(
  servedAtMs: number,
  nowMs: number,
  ageMsMax: number = EGRESS_AGE_MS_MAX,
): ServedAtRefused | undefined {
  const isWithin = (ms: number): boolean =>
    ms <= nowMs + EGRESS_AHEAD_MS_MAX && ms >= nowMs - ageMsMax
  if (isWithin(servedAtMs)) return undefined
  if (isWithin(servedAtMs * SECOND_MS))
    return new ServedAtRefused('ServedAtSeconds', servedAtMs, 'milliseconds, got seconds')
  return servedAtMs > nowMs
    ? new ServedAtRefused('ServedAtAhead', servedAtMs, `<= ${EGRESS_AHEAD_MS_MAX} ms ahead of us`)
    : new ServedAtRefused('ServedAtTooOld', servedAtMs, `<= ${ageMsMax} ms ago`)
}

/** Bytes of the time that keys begin with, so that those of one time lie beside each other. */
const TIME_BYTES = 8

/** Names a record by what it says, not by how it was signed, nor what it stands on. */
export function keyOfRecord(
  { issuer, nonce }: Ucan,
  space: string,
  { resource, bytes, servedAt }: Caveats,
  hasher: Hasher,
): Uint8Array {
  // Of these only the last two may hold anything, and the length of one of them is said.
  const said = `${issuer} ${space} ${bytes} ${servedAt} ${resource.bytes.length} `
  const hash = hasher.sha256(concatBytes([utf8.encode(said), resource.bytes, utf8.encode(nonce)]))
  const key = new Uint8Array(EGRESS_KEY_BYTES)
  new DataView(key.buffer).setBigUint64(0, BigInt(servedAt))
  key.set(hash.subarray(0, EGRESS_KEY_BYTES - TIME_BYTES), TIME_BYTES)
  return key
}

const utf8 = new TextEncoder()
