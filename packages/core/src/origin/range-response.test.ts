import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkRangeResponse, parseContentRange } from './range-response.ts'

const provider = 'https://o.example'
const asked = { provider, range: { first: 10, last: 19 }, size: 100 }
const good = {
  status: 206,
  contentRange: 'bytes 10-19/100',
  contentLength: '10',
  contentEncoding: undefined,
}

test('accepts the 206 that was asked for, with or without what HTTP leaves open', () => {
  assert.deepEqual(checkRangeResponse(asked, good).ok, { range: asked.range, size: 100 })
  for (const head of [
    { ...good, contentLength: undefined },
    { ...good, contentRange: 'bytes 10-19/*' },
    { ...good, contentRange: 'Bytes 10-19/100' },
    { ...good, contentEncoding: 'identity' },
  ])
    assert.ok(checkRangeResponse(asked, head).ok, JSON.stringify(head))
  assert.ok(checkRangeResponse({ ...asked, size: undefined }, good).ok)
})

test('anything else is a lie that says what was expected', () => {
  for (const head of [
    { ...good, contentRange: undefined },
    { ...good, contentRange: 'bytes 10-18/100' },
    { ...good, contentRange: 'bytes 11-19/100' },
    { ...good, contentRange: 'bytes 10-19/101' },
    { ...good, contentRange: 'bytes */100' },
    { ...good, contentRange: 'items 10-19/100' },
    { ...good, contentRange: 'bytes 10-19/100, bytes 20-29/100' },
    { ...good, contentLength: '11' },
    { ...good, contentLength: '010' },
    { ...good, contentEncoding: 'gzip' },
    { ...good, status: 200 },
    { ...good, status: 302 },
    { ...good, status: 416 },
  ]) {
    const { error } = checkRangeResponse(asked, head)
    assert.equal(error?.name, 'OriginLied', JSON.stringify(head))
    assert.match(error.message, /^origin https:\/\/o\.example expected to answer .*, got /)
  }
})

test('a header of any length or content makes a short message', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 10_000 }), (contentRange) => {
      const { error } = checkRangeResponse(asked, { ...good, contentRange })
      assert.ok(error !== undefined && error.message.length < 600)
    }),
  )
})

test('each refusal by status has its name', () => {
  const names = [401, 402, 403, 404, 407, 408, 410, 429, 400, 451, 500, 502, 503, 504].map(
    (status) => checkRangeResponse(asked, { ...good, status }).error?.name.slice(6),
  )
  assert.deepEqual(names, [
    'Forbidden',
    'Forbidden',
    'Forbidden',
    'Missing',
    'Forbidden',
    'Timeout',
    'Missing',
    'Unavailable',
    'Unavailable',
    'Forbidden',
    'Unavailable',
    'Unavailable',
    'Unavailable',
    'Timeout',
  ])
})

test('reads back any Content-Range within its size, and none outside of it', () => {
  const size = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(), (total, a, b) => {
      const first = a % total
      const last = first + (b % (total - first))
      const read = parseContentRange(`bytes ${first}-${last}/${total}`)
      assert.deepEqual(read, { range: { first, last }, size: total })
      assert.equal(parseContentRange(`bytes ${first}-${total}/${total}`), undefined)
      if (first > 0) assert.equal(parseContentRange(`bytes ${first}-${first - 1}/*`), undefined)
    }),
  )
  assert.equal(parseContentRange('bytes 0-9007199254740992/*'), undefined)
})
