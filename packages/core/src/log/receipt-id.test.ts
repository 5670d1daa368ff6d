import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeEntry } from './decode.ts'
import { encodeFetch, encodeRead, encodeSeal, encodeVoid } from './encode.ts'
import { idOfRead } from './receipt-id.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const count = fc.nat(2 ** 31)

const READ = fc
  .record({ id: bytes(16), ts: count, bytes: fc.bigInt(0n, 2n ** 60n), flags: fc.nat(1023) })
  .map((fields) =>
    encodeRead({
      started: 0,
      domain: 'd',
      space: 's',
      provider: 'p',
      region: '',
      cid: null,
      status: 200,
      deny: 0,
      count: 1,
      grade: 1,
      ...fields,
    }),
  )

const OTHER = fc.oneof(
  bytes(16).map((id) => encodeFetch({ id, provider: 'p', bytes: 1n, requests: 1, failed: 0 })),
  fc
    .record({ id: bytes(16), ts: count, index: count, leaf: bytes(32), reason: fc.nat(4) })
    .map(encodeVoid),
  fc
    .record({ summaryRoot: bytes(32), previousRoot: bytes(32), epoch: fc.integer({ min: 24 }) })
    .map((fields) => encodeSeal({ previousEpoch: 16, first: 0, end: 1, sealed: 0, ...fields })),
)

test('the id of a READ is found without decoding it, and other entries have none', () => {
  fc.assert(
    fc.property(fc.oneof(READ, OTHER), (entry) => {
      const { kind, entry: fields } = decodeEntry(entry).ok!
      assert.deepEqual(idOfRead(entry), kind === 'read' ? fields.id : undefined)
    }),
  )
  assert.equal(idOfRead(new Uint8Array(0)), undefined)
})
