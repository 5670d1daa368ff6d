/**
 * Entries and runtime ports for tests.
 * @module
 */
import { createHash } from 'node:crypto'
import { encodeRead } from '@turnpike/core/log/encode'
import { DENY, GRADE, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { Hasher, Random } from '@turnpike/core/ports/runtime'

/** Hashes by `node:crypto`. */
export const testHasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}

/** Bytes that differ from call to call, and are the same in each run. */
export function testRandom(): Random {
  let calls = 0
  return {
    bytes: (length) => {
      const digest = createHash('sha512').update(String(calls++)).digest()
      return new Uint8Array(digest.subarray(0, length))
    },
  }
}

/** An allowed read of content, number `n`, with other fields from `fields`. */
export function readOf(n: number, fields: Partial<ReadEntry> = {}): ReadEntry {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, n)
  return {
    id,
    ts: 1_760_000_000_000 + n,
    started: 1_760_000_000_000,
    domain: 'site.example',
    space: 'did:key:alice',
    provider: 'did:web:gateway.example',
    region: 'eu',
    cid: new Uint8Array([1, 0x55, 0, 1, n % 5]),
    status: 200,
    bytes: BigInt(n),
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: DENY.none,
    count: 1,
    grade: GRADE.kernel,
    ...fields,
  }
}

/** {@link readOf} as a group of one encoded entry. */
export function groupOf(n: number, fields: Partial<ReadEntry> = {}): readonly Uint8Array[] {
  return [encodeRead(readOf(n, fields))]
}
