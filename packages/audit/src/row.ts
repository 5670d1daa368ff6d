/**
 * One row of an epoch's summary (docs/reference/log-files.md, "Summary rows").
 * @module
 */
import { BadCbor, Items } from './cbor.ts'

const VERSION = 1
const SALT_BYTES = 16

/** Sums of a space, a provider and a region. */
export interface Row {
  readonly space: string
  readonly provider: string
  readonly region: string
  bytes: bigint
  bytesFetched: bigint
  reads: bigint
  denied: bigint
  executions: bigint
  bytesVoided: bigint
}

/**
 * The row that `bytes` are.
 *
 * @throws {BadCbor} when they are none
 */
export function decodeRow(bytes: Uint8Array): Row {
  const items = new Items(bytes)
  const version = items.uint()
  if (version !== VERSION) throw new BadCbor(`expected a row of version 1, got ${version}`)
  const row = {
    space: items.text(),
    provider: items.text(),
    region: items.text(),
    bytes: items.uint64(),
    bytesFetched: items.uint64(),
    reads: BigInt(items.uint()),
    denied: BigInt(items.uint()),
    executions: BigInt(items.uint()),
    bytesVoided: items.uint64(),
  }
  items.bytes(SALT_BYTES)
  items.end()
  return row
}
