import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cdnCache } from './cdn-cache.ts'

test('what a shared cache may keep is a word or seconds, and shows as it was written', () => {
  assert.equal(cdnCache.fromText('as-browser'), 'as-browser')
  assert.equal(cdnCache.fromText('no-store'), 'no-store')
  assert.equal(cdnCache.fromText('0'), 0)
  assert.equal(cdnCache.fromText('31536000'), 31_536_000)
  assert.equal(cdnCache.fromJson(600), 600)
  assert.equal(cdnCache.fromJson('no-store'), 'no-store')
  for (const value of ['as-browser', 'no-store', '600'])
    assert.equal(cdnCache.show(cdnCache.fromText(value)!), value)
})

test('what is neither is refused', () => {
  for (const text of ['', 'no', '-1', '1.5', '31536001', '10m', '1e3', '999999999999'])
    assert.equal(cdnCache.fromText(text), undefined, text)
  for (const value of [true, null, {}, -1, 1.5, [600]])
    assert.equal(cdnCache.fromJson(value), undefined, String(value))
})
