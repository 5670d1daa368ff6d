import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginFault } from '@turnpike/core/ports/blob'
import { BlockItem } from './block-item.ts'
import { SlabPool } from './slab.ts'

const blob = { key: 'x', multihash: undefined, size: undefined, sites: [] }
const fault = new OriginFault('OriginMissing', 'one', 'not there')

function made(length = 4): { item: BlockItem; told: string[]; pool: SlabPool } {
  const told: string[] = []
  const owner = { unwanted: () => told.push('unwanted'), done: () => told.push('done') }
  const slices = [{ blob, offset: 0, length }]
  const pool = new SlabPool({ slabBytes: 8, keptMax: 1 })
  return { item: new BlockItem(owner, 'k', new Uint8Array(0), slices), told, pool }
}

/** Hands `length` bytes to an item in a slab, as a run does. */
function fill(item: BlockItem, pool: SlabPool, length: number): void {
  const slab = pool.take(length)
  slab.bytes.fill(7)
  item.resolve(slab.bytes, slab)
  slab.release()
}

test('all who wait are woken, and the slab goes back with the last of them', async () => {
  const { item, told, pool } = made(8)
  item.retain()
  const waits = [item.settled(), item.settled()]
  assert.throws(() => item.bytes, /"block" expected to be ready/)
  fill(item, pool, 8)
  await Promise.all(waits)
  assert.equal(item.settled(), undefined)
  item.release()
  assert.deepEqual([told, pool.lent], [[], 1])
  item.release()
  assert.deepEqual([told, pool.lent, pool.free], [['done'], 0, 1])
  assert.throws(() => item.release(), /"block" expected a holder/)
})

test('a block that nobody holds any longer is done as soon as it is there', () => {
  const { item, told, pool } = made(8)
  item.release()
  assert.deepEqual(told, ['unwanted'])
  fill(item, pool, 8)
  assert.deepEqual([told, pool.lent], [['unwanted', 'done'], 0])
})

test('a failed block wakes its readers with its error and is done with the last', async () => {
  const { item, told } = made()
  const wait = item.settled()
  item.reject(fault)
  await wait
  assert.equal(item.error, fault)
  assert.deepEqual(told, [])
  item.release()
  assert.deepEqual(told, ['done'])
})

test('owned bytes never lie in memory that is used again, not even when they fill it', () => {
  for (const length of [3, 5, 8]) {
    const { item, pool } = made(length)
    fill(item, pool, length)
    const owned = item.ownedBytes()
    assert.equal(item.ownedBytes(), owned, 'copied once')
    item.release()
    pool.take(8).bytes.fill(9)
    assert.deepEqual(owned, new Uint8Array(length).fill(7), `${length} of 8 bytes`)
  }
})

test('bytes that are alone in a slab of their own are not copied', () => {
  const { item, pool } = made(9)
  const slab = pool.take(9)
  item.resolve(slab.bytes, slab)
  assert.equal(slab.pooled, false)
  assert.equal(item.ownedBytes(), slab.bytes)
})
