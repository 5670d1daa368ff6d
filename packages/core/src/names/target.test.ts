import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PATH_SEGMENTS_MAX } from '../limits.ts'
import { linkFromString } from '../link.ts'
import { parseNameValue } from './target.ts'

const root = linkFromString('bafkqaaa')!

test('a name stands for content or for another name', () => {
  assert.deepEqual(parseNameValue('/ipfs/bafkqaaa'), { root, segments: [] })
  assert.deepEqual(parseNameValue('/ipfs/bafkqaaa/a%20b//./ä/'), { root, segments: ['a%20b', 'ä'] })
  assert.deepEqual(parseNameValue('/ipns/a.example/b'), { name: 'a.example', segments: ['b'] })
})

test('what is no such path is refused', () => {
  const refused = [
    '',
    '/',
    'bafkqaaa',
    'ipfs/bafkqaaa',
    '/ipfs',
    '/ipfs/',
    '/ipfs/nothing',
    '/ipld/bafkqaaa',
    '/ipns//a',
    '/ipfs/bafkqaaa/../b',
    'x/ipfs/bafkqaaa',
  ]
  for (const path of refused) assert.equal(parseNameValue(path), undefined, path)
  assert.ok(parseNameValue(`/ipfs/bafkqaaa${'/a'.repeat(PATH_SEGMENTS_MAX)}`))
  assert.equal(parseNameValue(`/ipfs/bafkqaaa${'/a'.repeat(PATH_SEGMENTS_MAX + 1)}`), undefined)
})
