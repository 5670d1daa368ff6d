import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSize, SIZE_BYTES_MAX } from './byte-size.ts'

test('sizes are read with units of 1024', () => {
  assert.equal(parseSize(5), 5n)
  assert.equal(parseSize('5'), 5n)
  assert.equal(parseSize('5KiB'), 5120n)
  assert.equal(parseSize('100 GiB'), 100n * 1024n ** 3n)
  assert.equal(parseSize('2 PiB'), 2n ** 51n)
  assert.equal(parseSize(String(SIZE_BYTES_MAX)), SIZE_BYTES_MAX)
})

test('what is no size is refused', () => {
  const beyond = String(SIZE_BYTES_MAX + 1n)
  for (const value of [beyond, '9000 PiB', -1, 1.5, 2 ** 53, '1 GB', '1  GiB', 'GiB', '', null, {}])
    assert.equal(parseSize(value), undefined, String(value))
})
