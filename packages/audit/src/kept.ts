/**
 * What is kept of a log whose old entries may be gone: from where on they are there, and what
 * earlier epochs add up to (docs/reference/log-files.md, "Retention").
 * @module
 */
import { BadCbor, Items } from './cbor.ts'
import { sameBytes } from './findings.ts'
import type { Row } from './row.ts'
import { sha256 } from './tree.ts'

/** What of a log's entries is there. */
export interface Kept {
  /** First index from which all entries are there: the first of an epoch. */
  readonly from: number
  /** Bundles before this one may be gone. */
  readonly droppingBundles: number
}

/** Sums of a space in an epoch. */
export interface SpaceSums {
  readonly space: string
  readonly reads: bigint
  readonly denied: bigint
  readonly errors: bigint
  readonly bytes: bigint
  readonly bytes_delivered: bigint
  readonly bytes_fetched: bigint
}

/** A read that was voided in an epoch. */
export interface VoidedSums {
  readonly target: number
  readonly targetEpoch: number
  readonly space: string
  readonly bytes: bigint
  readonly reads: bigint
}

/** What was drawn from a provider for a space in an epoch. */
export interface FetchedSums {
  readonly provider: string
  readonly space: string
  readonly bytes: bigint
  readonly requests: number
  readonly failed: number
}

/** What an epoch adds up to. */
export interface EpochFile {
  readonly epoch: number
  readonly first: number
  readonly end: number
  readonly spaces: readonly SpaceSums[]
  readonly voids: readonly VoidedSums[]
  readonly fetched: readonly FetchedSums[]
}

const HASH_BYTES = 32

/**
 * What stands before the SHA-256 at the end of `bytes`.
 *
 * @throws {BadCbor} when that is the SHA-256 of something else
 */
export function checkedBody(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES))
  if (!sameBytes(sha256(body), bytes.subarray(body.length)))
    throw new BadCbor('expected the SHA-256 of what stands before it at its end')
  return body
}

/**
 * The file `kept`; without one, everything is there.
 *
 * @throws {BadCbor} when it holds anything else
 */
export function decodeKept(bytes: Uint8Array | undefined): Kept {
  if (bytes === undefined) return { from: 0, droppingBundles: 0 }
  const items = versioned(bytes)
  const kept = { from: items.uint(), droppingBundles: items.uint() }
  items.uint() // droppedBundles
  items.end()
  return kept
}

/**
 * The file `sums/<epoch>`.
 *
 * @throws {BadCbor} when it holds anything else
 */
export function decodeSums(bytes: Uint8Array): EpochFile {
  const items = versioned(bytes)
  const file = {
    epoch: items.uint(),
    first: items.uint(),
    end: items.uint(),
    spaces: listOf(items, spaceOf),
    voids: listOf(items, voidOf),
    fetched: listOf(items, fetchedOf),
  }
  items.end()
  return file
}

/** The first space whose sums are not those of the summary rows, with both. */
export function spaceThatDiffers(
  { spaces, voids }: EpochFile,
  rows: readonly Row[],
): { space: string; expected: string; found: string } | undefined {
  const kept = new Map<string, bigint[]>()
  const add = (to: Map<string, bigint[]>, space: string, sums: readonly bigint[]): void => {
    const before = to.get(space) ?? sums.map(() => 0n)
    to.set(
      space,
      sums.map((sum, i) => sum + before[i]!),
    )
  }
  for (const { space, bytes, bytes_fetched: fetched, reads, denied } of spaces)
    add(kept, space, [bytes, fetched, reads - denied, denied, 0n])
  for (const { space, bytes } of voids) add(kept, space, [0n, 0n, 0n, 0n, bytes])
  const sealed = new Map<string, bigint[]>()
  for (const { space, bytes, bytesFetched, reads, denied, bytesVoided } of rows)
    add(sealed, space, [bytes, bytesFetched, reads, denied, bytesVoided])
  for (const space of new Set([...sealed.keys(), ...kept.keys()])) {
    const expected = textOf(sealed.get(space))
    const found = textOf(kept.get(space))
    if (expected !== found) return { space, expected, found }
  }
  return undefined
}

function textOf(sums: readonly bigint[] = [0n, 0n, 0n, 0n, 0n]): string {
  const [bytes, fetched, reads, denied, voided] = sums
  return `bytes ${bytes}, fetched ${fetched}, reads ${reads}, denied ${denied}, voided ${voided}`
}

function versioned(bytes: Uint8Array): Items {
  const items = new Items(checkedBody(bytes))
  const version = items.uint()
  if (version !== 1) throw new BadCbor(`expected version 1, got ${version}`)
  return items
}

function listOf<T>(items: Items, of: (items: Items) => T): T[] {
  const list: T[] = []
  for (let left = items.array(); left > 0; left--) {
    items.array()
    list.push(of(items))
  }
  return list
}

function spaceOf(items: Items): SpaceSums {
  return {
    space: items.text(),
    reads: items.uint64(),
    denied: items.uint64(),
    errors: items.uint64(),
    bytes: items.uint64(),
    bytes_delivered: items.uint64(),
    bytes_fetched: items.uint64(),
  }
}

function voidOf(items: Items): VoidedSums {
  return {
    target: items.uint(),
    targetEpoch: items.uint(),
    space: items.text(),
    bytes: items.uint64(),
    reads: items.uint64(),
  }
}

function fetchedOf(items: Items): FetchedSums {
  return {
    provider: items.text(),
    space: items.text(),
    bytes: items.uint64(),
    requests: items.uint(),
    failed: items.uint(),
  }
}
