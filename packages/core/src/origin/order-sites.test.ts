import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORIGIN_COOL_DOWN_MS, ORIGIN_COOL_DOWN_MS_MAX, ORIGIN_FAILURES_MAX } from '../limits.ts'
import { OriginFault, type BlobSite } from '../ports/blob.ts'
import { orderSites } from './order-sites.ts'

const site = (provider: string, path = 'a'): BlobSite => ({
  url: `https://${provider}.example/${path}`,
  provider,
})
const [a, b, c] = [site('a'), site('b'), site('c')]
const down = new OriginFault('OriginUnavailable', 'p', 'down')
const lied = new OriginFault('OriginLied', 'p', 'lied')

/** A memory whose time is set by hand, and whose jitter is a byte. */
function setup(jitter = 255) {
  const now = { ms: 1000 }
  const clock = { nowMs: () => 0, monotonicMs: () => now.ms }
  const random = { bytes: (length: number) => new Uint8Array(length).fill(jitter) }
  return { now, sites: orderSites({ clock, random }) }
}

test('sites keep their order until one fails, which is then tried last, not left out', () => {
  const { sites } = setup()
  assert.deepEqual(sites.order([a, b, c]), [a, b, c])
  sites.failed(a, down)
  assert.deepEqual(sites.order([a, b, c]), [b, c, a])
  assert.deepEqual(sites.order([a]), [a])
})

test('a failed site is back in its place after its cool-down, and at once when it delivers', () => {
  const { now, sites } = setup()
  sites.failed(a, down)
  now.ms += ORIGIN_COOL_DOWN_MS - 1
  assert.deepEqual(sites.order([a, b]), [b, a])
  now.ms += 1
  assert.deepEqual(sites.order([a, b]), [a, b])
  sites.failed(a, down)
  sites.succeeded(a)
  assert.deepEqual(sites.order([a, b]), [a, b])
})

test('cool-downs double up to their bound, between half and all of it', () => {
  for (const [jitter, share] of [
    [0, 0.5],
    [255, 1],
  ] as const) {
    const { now, sites } = setup(jitter)
    for (let count = 0; count < 2000; count++) {
      sites.failed(a, down)
      const full = Math.min(ORIGIN_COOL_DOWN_MS * 2 ** count, ORIGIN_COOL_DOWN_MS_MAX)
      now.ms += full * share - 1
      assert.deepEqual(sites.order([a, b]), [b, a])
      now.ms += 1
      assert.deepEqual(sites.order([a, b]), [a, b])
    }
  }
})

test('an origin that is down cools down for all its addresses, a lie for one only', () => {
  const { sites } = setup()
  sites.failed(a, lied)
  assert.deepEqual(sites.order([site('a', 'other'), b]), [site('a', 'other'), b])
  assert.deepEqual(sites.order([a, b]), [b, a])
  sites.failed(b, down)
  assert.deepEqual(sites.order([site('b', 'other'), c]), [c, site('b', 'other')])
})

test('when all cool down, the one that is over first is tried first', () => {
  const { now, sites } = setup()
  for (const failing of [b, c, a]) {
    sites.failed(failing, down)
    now.ms += 10
  }
  assert.deepEqual(sites.order([a, b, c]), [b, c, a])
})

test('memory is bounded: the oldest failure is forgotten at the bound', () => {
  const { sites } = setup()
  sites.failed(a, lied)
  for (let i = 1; i < ORIGIN_FAILURES_MAX; i++) sites.failed(site('x', String(i)), lied)
  assert.deepEqual(sites.order([a, b]), [b, a])
  sites.failed(site('x', 'one more'), lied)
  assert.deepEqual(sites.order([a, b]), [a, b])
})
