import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ_LOCAL_BYTES_MAX, SLABS_KEPT_MAX } from '@turnpike/core/limits'
import { SlabPool } from './slab.ts'

const pool = (keptMax = 2): SlabPool => new SlabPool({ slabBytes: 1000, keptMax })

test('a slab goes back with its last holder and its memory is used again', () => {
  const slabs = pool()
  const first = slabs.take(1000)
  first.retain()
  first.release()
  assert.deepEqual([slabs.free, slabs.lent], [0, 1])
  first.release()
  assert.deepEqual([slabs.free, slabs.lent], [1, 0])
  const second = slabs.take(501)
  assert.equal(second.bytes.buffer, first.bytes.buffer)
  assert.equal(second.bytes.length, 501)
  assert.equal(slabs.free, 0)
})

test('a slab that was given back can be neither given back again nor taken up', () => {
  const slabs = pool()
  const slab = slabs.take(600)
  slab.release()
  assert.throws(() => slab.release(), /"slab" expected a holder/)
  assert.throws(() => slab.retain(), /"slab" expected a holder/)
  assert.deepEqual([slabs.free, slabs.lent], [1, 0])
})

test('small and oversized slabs are not pooled and say so', () => {
  const slabs = pool()
  for (const [sizeBytes, pooled] of [
    [0, false],
    [62, false],
    [63, true],
    [250, true],
    [251, true],
    [1000, true],
    [1001, false],
  ] as const) {
    const slab = slabs.take(sizeBytes)
    assert.equal(slab.pooled, pooled, `${sizeBytes}`)
    assert.equal(slab.bytes.length, sizeBytes)
    slab.release()
  }
  assert.equal(slabs.free, 2, 'one slab of each size was used again and again')
})

test('no more slabs are kept than the bound says', () => {
  const slabs = new SlabPool({ slabBytes: READ_LOCAL_BYTES_MAX, keptMax: SLABS_KEPT_MAX })
  const taken = Array.from({ length: SLABS_KEPT_MAX + 1 }, () => slabs.take(READ_LOCAL_BYTES_MAX))
  for (const slab of taken) slab.release()
  assert.deepEqual([slabs.free, slabs.lent], [SLABS_KEPT_MAX, 0])
})
