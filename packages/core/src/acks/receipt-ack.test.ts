import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519'
import fc from 'fast-check'
import { ackMessage, parseAck } from './receipt-ack.ts'
import { isSmallOrder } from './small-order.ts'

const receipt = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const sample = {
  receipt,
  bytes: 1000,
  ts: 1_760_000_000_000,
  key: Buffer.alloc(32, 1).toString('base64'),
  signature: Buffer.alloc(64, 2).toString('base64'),
}

test('what a reader signs has one form', () => {
  const { ok: ack } = parseAck(JSON.stringify(sample))
  assert.equal(
    Buffer.from(ackMessage('gateway.example/log', ack!)).toString(),
    `receipt-ack/v1\ngateway.example/log\n${receipt}\n1000\n1760000000000\n`,
  )
  assert.deepEqual([ack!.key.length, ack!.signature.length, ack!.bytes], [32, 64, 1000n])
})

test('no two acknowledgements are signed by the same message', () => {
  const one = fc.record({
    origin: fc.stringMatching(/^[a-z/]{1,4}$/),
    receipt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    bytes: fc.bigInt({ min: 0n, max: 20n }),
    ts: fc.nat(20),
  })
  fc.assert(
    fc.property(one, one, (a, b) => {
      const [x, y] = [ackMessage(a.origin, a), ackMessage(b.origin, b)]
      const same = (value: typeof a): string =>
        `${value.origin} ${value.receipt.join()} ${value.bytes} ${value.ts}`
      assert.equal(Buffer.compare(x, y) === 0, same(a) === same(b))
    }),
  )
})

test('an acknowledgement that lacks something, or has it otherwise, is refused', () => {
  const wrong: Record<string, unknown>[] = [
    { receipt: receipt.toUpperCase() },
    { receipt: receipt.slice(1) },
    { receipt: 5 },
    { bytes: -1 },
    { bytes: 1.5 },
    { bytes: '1000' },
    { bytes: 2 ** 53 },
    { ts: null },
    { key: Buffer.alloc(31).toString('base64') },
    { key: sample.key.replace('=', '') },
    { signature: sample.key },
  ]
  for (const fields of wrong) {
    const { error } = parseAck(JSON.stringify({ ...sample, ...fields }))
    assert.equal(error?.name, 'InvalidAck', JSON.stringify(fields))
  }
  for (const text of ['', 'null', '[]', '7', '{'])
    assert.equal(parseAck(text).error?.name, 'InvalidAck', text)
})

/** Points of small order: 1, -1, 0, the two of order 8, and what stands for 0 and 1. */
const SMALL = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].map((hex) => Buffer.from(hex, 'hex'))

test('keys for which anybody can sign anything are known, with either sign', () => {
  for (const key of SMALL) {
    const point = ed25519.Point.fromHex(key.toString('hex'), true)
    assert.equal(point.isSmallOrder(), true, key.toString('hex'))
    assert.equal(isSmallOrder(key), true, key.toString('hex'))
    const negative = Buffer.from(key)
    negative[31]! |= 0x80
    assert.equal(isSmallOrder(negative), true, negative.toString('hex'))
  }
  // What OpenSSL refuses, other verifiers take: `R` is the point 1, and `S` is 0.
  const forged = Buffer.concat([SMALL[0]!, Buffer.alloc(32)])
  assert.equal(ed25519.verify(forged, Buffer.from('anything'), SMALL[0]!), true)
})

test('other keys are not taken for them', () => {
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(seed, (secret) => {
      assert.equal(isSmallOrder(ed25519.getPublicKey(secret)), false)
    }),
    { numRuns: 50 },
  )
  for (const key of SMALL)
    for (let at = 0; at < 32; at++) {
      const changed = Buffer.from(key)
      changed[at]! ^= 2
      const other = SMALL.some((one) => one.equals(changed))
      assert.equal(isSmallOrder(changed), other, changed.toString('hex'))
    }
})
