import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PATH_SEGMENTS_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import { parseContentPath, tokenOf } from './parse-request.ts'

const EMPTY = 'http://h/ipfs/bafkqaaa'

test('a path is taken apart once, and decoded once', () => {
  const { ok: path } = parseContentPath(`${EMPTY}/Portugal%252C+Espa%C3%B1a%20x/?format=raw`)
  assert.deepEqual(path?.segments, ['Portugal%2C+España x'])
  assert.equal(path?.trailingSlash, true)
  assert.equal(path?.query, '?format=raw')
  assert.equal(path?.escapedPath, '/ipfs/bafkqaaa/Portugal%252C+Espa%C3%B1a%20x/')
  assert.deepEqual(parseContentPath(`${EMPTY}//a///b`).ok?.segments, ['a', 'b'])
})

test('paths are refused by the reason', () => {
  const refused = [
    ['not a url', 'InvalidPath'],
    ['http://h/', 'ContentNotFound'],
    ['http://h/ipfs/', 'InvalidPath'],
    ['http://h/ipfs/QmInvalidCID', 'InvalidPath'],
    [`${EMPTY}/%e0%a4`, 'InvalidPath'],
  ] as const
  for (const [url, name] of refused) assert.equal(parseContentPath(url).error?.name, name, url)
  const { error } = parseContentPath('http://h/ipfs/QmInvalidCID')
  assert.match(error!.message, /invalid path "\/ipfs\/QmInvalidCID"/)
})

test('a URL and a path are as long as their bounds and no longer', () => {
  const fill = (length: number): string => EMPTY + '?'.padEnd(length - EMPTY.length, 'a')
  assert.ok(parseContentPath(fill(URL_CHARS_MAX)).ok)
  assert.equal(parseContentPath(fill(URL_CHARS_MAX + 1)).error?.name, 'UriTooLong')
  assert.ok(parseContentPath(EMPTY + '/a'.repeat(PATH_SEGMENTS_MAX)).ok)
  assert.equal(
    parseContentPath(EMPTY + '/a'.repeat(PATH_SEGMENTS_MAX + 1)).error?.name,
    'InvalidPath',
  )
})

test('a token comes from the query or as a bearer', () => {
  const token = (query: string, authorization = ''): string | undefined =>
    tokenOf(parseContentPath(EMPTY + query).ok!, new Request(EMPTY, { headers: { authorization } }))
  assert.equal(token(''), undefined)
  assert.equal(token('?authToken=a'), 'a')
  assert.equal(token('', 'Bearer b'), 'b')
  assert.equal(token('', 'Basic b'), undefined)
})

test('whatever the URL, parsing answers and never throws', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (url, text) => {
      parseContentPath(url)
      parseContentPath(`http://h/ipfs/${text}`)
      parseContentPath(`${EMPTY}/${text}`)
    }),
    { numRuns: 1000 },
  )
})
