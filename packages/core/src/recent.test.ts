import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from './recent.ts'

test('what was kept or asked for lately is there, and never more than the bound', () => {
  const recent = new Recent<number, string>(4)
  for (let i = 0; i < 100; i++) {
    assert.equal(recent.keep(i, `v${i}`), `v${i}`)
    assert.equal(recent.get(0), 'v0', 'asked for each time')
    assert.equal(recent.get(i), `v${i}`)
  }
  const held = Array.from({ length: 100 }, (_, i) => i).filter((i) => recent.get(i) !== undefined)
  assert.ok(held.length <= 4, `${held}`)
  recent.clear()
  assert.equal(recent.get(0), undefined)
})
