import { SPOOL_BATCH_BYTES, SPOOL_SLOTS_KEPT } from '@turnpike/core/limits/store'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slots } from './slots.ts'

test('kept slots lie side by side and come again; more than these are not kept', () => {
  const slots = new Slots()
  const taken = Array.from({ length: SPOOL_SLOTS_KEPT + 1 }, () => slots.take())
  taken.forEach((slot) => assert.equal(slot.length, SPOOL_BATCH_BYTES))
  assert.deepEqual(
    taken.slice(0, -1).map((slot) => slot.byteOffset),
    taken.slice(0, -1).map((_, i) => i * SPOOL_BATCH_BYTES),
  )
  assert.notEqual(taken.at(-1)!.buffer, taken[0]!.buffer)
  for (const slot of taken) slots.give(slot)
  const again = new Set(taken.map(() => slots.take()))
  assert.equal(taken.filter((slot) => again.has(slot)).length, SPOOL_SLOTS_KEPT)
})

test('copies are the same from a slot and from elsewhere, and never leave the slot', () => {
  const slots = new Slots()
  const [from, to, beside] = [slots.take(), slots.take(), slots.take()]
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
  for (const slot of [to, beside]) slot.fill(0)
  from.set(bytes, 39)
  for (const source of [bytes, from.subarray(39, 1039)])
    for (const at of [0, 1, 4095, SPOOL_BATCH_BYTES - 1000]) {
      to.fill(0)
      slots.copy(to, at, source)
      assert.deepEqual(to.slice(at, at + 1000), bytes)
      assert.ok(to.slice(0, at).every((byte) => byte === 0))
      assert.ok(to.slice(at + 1000).every((byte) => byte === 0))
    }
  for (const source of [bytes, from.subarray(39, 1039)])
    assert.throws(() => slots.copy(to, SPOOL_BATCH_BYTES - 999, source), RangeError)
  assert.ok(beside.every((byte) => byte === 0))
})

test('without WebAssembly there are slots all the same', (t) => {
  const { Memory } = WebAssembly
  t.after(() => Object.assign(WebAssembly, { Memory }))
  Object.assign(WebAssembly, { Memory: undefined })
  const slots = new Slots()
  const [from, to] = [slots.take(), slots.take()]
  from.fill(7)
  slots.copy(to, 1, from.subarray(0, 10))
  assert.deepEqual(to.slice(0, 12), Uint8Array.from([0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0]))
  slots.give(from)
  assert.notEqual(slots.take(), from)
})
