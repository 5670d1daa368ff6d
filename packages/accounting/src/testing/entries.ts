/**
 * Entries and runtime ports for tests.
 * @module
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { encodeRead } from '@turnpike/core/log/encode'
import { DENY, GRADE, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { Hasher, Random } from '@turnpike/core/ports/runtime'

/** Hashes by `node:crypto`. */
export const testHasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}

/** Signs as a log of this name, with the same key in each run. */
export function testSigner(name: string): NoteSigner {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 0x42),
  ])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    name,
    publicKey: new Uint8Array(publicKey),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
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
