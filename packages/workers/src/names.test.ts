import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { IPNS_RECORD_BYTES_MAX } from '@turnpike/core/limits/names'
import { absent, fixtureRecords } from '@turnpike/gateway/testing/conformance/fixtures'
import { recordKey } from './keys.ts'
import { workerNames, type WorkerNames } from './names.ts'
import type { Bucket, BucketObject } from './platform.ts'

const { signal } = new AbortController()
const MAP = 'a.example:/ipfs/bafkqaaa/x, b.example:/ipns/a.example/y'

/** A bucket in memory that counts the bodies it sent. */
class MemoryBucket implements Bucket {
  readonly objects = new Map<string, Uint8Array>()
  bodies = 0
  fails = false

  async get(key: string, options?: Parameters<Bucket['get']>[1]): Promise<BucketObject | null> {
    if (this.fails) throw new Error('get: internal error (10001)')
    const bytes = this.objects.get(key)
    if (bytes === undefined) return null
    const etag = Buffer.from(bytes).toString('base64')
    const head = { size: bytes.length, etag, arrayBuffer: async () => new Uint8Array(bytes).buffer }
    if (options?.onlyIf?.etagDoesNotMatch === etag) return head
    this.bodies++
    return { ...head, body: new Blob([new Uint8Array(bytes)]).stream() }
  }
}

function open(bucket: Bucket, nowMs = Date.UTC(2026, 1), map = MAP): WorkerNames {
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }
  return workerNames({ bucket, clock, map })
}

test('names of the map lead to content over each other; others have no DNSLink', async () => {
  const { names } = open(new MemoryBucket())
  const target = (await names.resolve('b.example', signal)).ok!
  assert.deepEqual(target.segments, ['x', 'y'])
  assert.equal(await names.hasDnsLink('a.example', signal), true)
  assert.equal(await names.hasDnsLink('c.example', signal), false)
  assert.equal((await names.resolve('c.example', signal)).error?.name, 'NameNotFound')
  assert.throws(() => open(new MemoryBucket(), 0, 'nonsense'), /IPFS_NS_MAP/)
})

test('records are believed when they are valid, and sent once', { skip: absent }, async () => {
  const bucket = new MemoryBucket()
  const { names, nameRecords } = open(bucket)
  const outcomes: string[] = []
  for (const { name, bytes } of fixtureRecords()) {
    const { multihash } = ipnsNameFromString(name)!
    assert.equal((await names.resolve(name, signal)).error?.name, 'NameNotFound')
    bucket.objects.set(recordKey(multihash), bytes)
    const found = (await nameRecords.find(multihash, signal)).ok!
    assert.deepEqual(Buffer.from(found.bytes), bytes)
    const bodies = bucket.bodies
    assert.deepEqual(await nameRecords.find(multihash, signal), { ok: found })
    assert.equal(bucket.bodies, bodies, 'what has not changed is not sent again')
    outcomes.push(found.record === undefined ? 'invalid' : 'valid')
  }
  assert.deepEqual(outcomes.toSorted(), [...Array(3).fill('invalid'), ...Array(9).fill('valid')])
})

test('a record that is over, too long, changed, or out of reach', { skip: absent }, async () => {
  const bucket = new MemoryBucket()
  const { name, bytes } = fixtureRecords().find(({ path }) => path.includes('_v2.'))!
  const key = recordKey(ipnsNameFromString(name)!.multihash)
  bucket.objects.set(key, bytes)
  const { names } = open(bucket)
  assert.ok((await names.resolve(name, signal)).ok)
  const later = open(bucket, Date.UTC(2200, 1))
  assert.equal((await later.names.resolve(name, signal)).error?.name, 'NameInvalid')
  for (const wrong of [
    bytes.subarray(1),
    Buffer.concat([bytes, Buffer.alloc(IPNS_RECORD_BYTES_MAX)]),
  ]) {
    bucket.objects.set(key, wrong)
    assert.equal((await names.resolve(name, signal)).error?.name, 'NameInvalid')
  }
  bucket.fails = true
  assert.equal((await names.resolve(name, signal)).error?.name, 'NameUnavailable')
})
