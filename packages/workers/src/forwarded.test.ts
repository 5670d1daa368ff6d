import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardedRequest } from './forwarded.ts'

test('what a proxy says of scheme and host is taken, what makes no sense is not', () => {
  const url = 'http://worker.example/ipfs/bafkqaaa?a=b'
  const of = (headers: Record<string, string>): string =>
    forwardedRequest(new Request(url, { headers })).url
  const host = 'x-forwarded-host'
  const proto = 'x-forwarded-proto'
  assert.equal(of({}), url)
  assert.equal(of({ [host]: 'a.example:8' }), 'http://a.example:8/ipfs/bafkqaaa?a=b')
  assert.equal(of({ [proto]: 'https' }), 'https://worker.example/ipfs/bafkqaaa?a=b')
  assert.equal(
    of({ [host]: 'QmA.ipfs.b', [proto]: 'https' }),
    'https://QmA.ipfs.b/ipfs/bafkqaaa?a=b',
  )
  for (const wrong of ['a b', 'a/b', 'a@b', 'a#']) assert.equal(of({ [host]: wrong }), url, wrong)
})
