import assert from 'node:assert/strict'
import { test } from 'node:test'
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

const P = 2n ** 255n - 19n
const inverse = (x: bigint): bigint => power(x, P - 2n)

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let [x, e] = [((base % P) + P) % P, exponent]; e > 0n; e >>= 1n, x = (x * x) % P)
    if ((e & 1n) === 1n) result = (result * x) % P
  return result
}

/** y of eight times the point whose y is given: RFC 8032, section 5.1; x is needed squared only. */
function eightfold(of: bigint): bigint {
  let y = of
  const d = (-121_665n * inverse(121_666n)) % P
  for (let doubled = 0; doubled < 3; doubled++) {
    const yy = (y * y) % P
    const xx = ((yy - 1n) * inverse(d * yy + 1n)) % P
    y = ((((yy + xx) * inverse(1n - d * xx * yy)) % P) + P) % P
  }
  return y
}

/** y in the encoding of a point. */
function yOf(key: Uint8Array): bigint {
  const bytes = Buffer.from(key)
  bytes[31]! &= 0x7f
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`) % P
}

test('keys for which anybody can sign anything are known, with either sign', () => {
  for (const key of SMALL) {
    assert.equal(eightfold(yOf(key)), 1n, key.toString('hex'))
    assert.equal(isSmallOrder(key), true, key.toString('hex'))
    const negative = Buffer.from(key)
    negative[31]! |= 0x80
    assert.equal(isSmallOrder(negative), true, negative.toString('hex'))
  }
})

test('other keys are not taken for them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      assert.equal(isSmallOrder(key), eightfold(yOf(key)) === 1n)
    }),
    { numRuns: 50 },
  )
  for (const key of SMALL)
    for (let at = 0; at < 32; at++) {
      const changed = Buffer.from(key)
      changed[at]! ^= 2
      assert.equal(isSmallOrder(changed), eightfold(yOf(changed)) === 1n, changed.toString('hex'))
    }
})
