import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesNone, preconditionOf, rangeCounts } from './conditional.ts'
import { httpDate, parseHttpDate } from './http-date.ts'

const AT = 784_111_777
const BEFORE = httpDate(AT - 1)
const SAME = httpDate(AT)

function verdict(fields: Record<string, string>, etag = '"a"', modifiedSeconds = AT): string {
  return preconditionOf(new Headers(fields), { etag, modifiedSeconds })
}

test('each condition alone decides as RFC 9110 says', () => {
  const cases = [
    [{}, 'go'],
    [{ 'if-match': '"a"' }, 'go'],
    [{ 'if-match': '"x", "a"' }, 'go'],
    [{ 'if-match': '*' }, 'go'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': 'W/"a"' }, 'failed'],
    [{ 'if-match': '' }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'go'],
    [{ 'if-unmodified-since': BEFORE }, 'failed'],
    [{ 'if-unmodified-since': 'nonsense' }, 'go'],
    [{ 'if-none-match': '"a"' }, 'held'],
    [{ 'if-none-match': 'W/"a"' }, 'held'],
    [{ 'if-none-match': '"x", "y", "a"' }, 'held'],
    [{ 'if-none-match': '*' }, 'held'],
    [{ 'if-none-match': '"x"' }, 'go'],
    [{ 'if-none-match': 'a' }, 'go'],
    [{ 'if-modified-since': SAME }, 'held'],
    [{ 'if-modified-since': BEFORE }, 'go'],
    [{ 'if-modified-since': 'nonsense' }, 'go'],
  ] as const
  for (const [fields, expected] of cases)
    assert.equal(verdict(fields), expected, JSON.stringify(fields))
})

test('conditions are looked at in their order, and a tag makes its date count for nothing', () => {
  const stale = { 'if-unmodified-since': BEFORE }
  assert.equal(verdict({ 'if-match': '"a"', ...stale }), 'go')
  assert.equal(verdict({ 'if-match': '"x"', 'if-none-match': '"a"' }), 'failed')
  assert.equal(verdict({ 'if-match': '"a"', 'if-none-match': '"a"' }), 'held')
  assert.equal(verdict({ ...stale, 'if-none-match': '"a"' }), 'failed')
  assert.equal(verdict({ 'if-none-match': '"x"', 'if-modified-since': SAME }), 'go')
})

test('weak tags and missing times hold for what they can', () => {
  assert.equal(verdict({ 'if-match': 'W/"a"' }, 'W/"a"'), 'failed')
  assert.equal(verdict({ 'if-match': '*' }, 'W/"a"'), 'go')
  assert.equal(verdict({ 'if-none-match': '"a"' }, 'W/"a"'), 'held')
  const untimed = { etag: '"a"' }
  for (const name of ['if-unmodified-since', 'if-modified-since'])
    assert.equal(preconditionOf(new Headers({ [name]: BEFORE }), untimed), 'go')
  assert.equal(matchesNone('"x"', ''), false)
})

test('a range counts with the very tag, strongly, or the very time of what never changes', () => {
  const is = { etag: '"a"', modifiedSeconds: AT }
  assert.equal(rangeCounts(null, is, true), true)
  assert.equal(rangeCounts('"a"', is, true), true)
  assert.equal(rangeCounts('"b"', is, false), false)
  assert.equal(rangeCounts('W/"a"', { etag: 'W/"a"' }, false), false)
  assert.equal(rangeCounts(SAME, is, false), true)
  assert.equal(rangeCounts(SAME, is, true), false)
  assert.equal(rangeCounts(BEFORE, is, false), false)
  assert.equal(rangeCounts(httpDate(AT + 1), is, false), false)
  assert.equal(rangeCounts(SAME, { etag: '"a"' }, false), false)
})

test('dates are read in all three forms, and nothing else is one', () => {
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])
    assert.equal(parseHttpDate(text), AT, text)
  assert.equal(parseHttpDate('Friday, 06-Nov-26 08:49:37 GMT'), 1_793_954_977)
  for (const text of [
    null,
    '',
    '1994-11-06T08:49:37Z',
    '784111777',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 36 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 28:49:37 GMT',
  ])
    assert.equal(parseHttpDate(text), undefined, String(text))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      assert.equal(parseHttpDate(httpDate(seconds)), seconds)
    }),
  )
})
