import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH_ENDPOINT_CHARS_MAX } from '../limits/payout.ts'
import { batchUrl } from './endpoint.ts'

const NODE = 'did:key:z6MkNode'
const NODES = [
  { did: NODE, origin: 'https://node.example' },
  { did: NODE, origin: 'https://node.example:8443' },
  { did: 'did:key:z6MkOther', origin: 'https://other.example' },
]
const at = (template: string): string | undefined => batchUrl(template, 'bag', NODE, NODES)?.href

test('the CID stands where the template says, however that is written', () => {
  assert.equal(at('https://node.example/receipts/{cid}'), 'https://node.example/receipts/bag')
  assert.equal(at('https://node.example/receipts/%7bcid%7D'), 'https://node.example/receipts/bag')
  assert.equal(at('https://node.example:8443/r/:cid?a=1'), 'https://node.example:8443/r/bag?a=1')
})

test('only the node’s own origins are asked, and nothing that hides another', () => {
  for (const template of [
    'https://node.example/receipts',
    'https://other.example/{cid}',
    'http://node.example/{cid}',
    'https://node.example:444/{cid}',
    'https://node.example@evil.example/{cid}',
    'https://user@node.example/{cid}',
    'https://node.example/#{cid}',
    'https://{cid}.node.example/',
    '//node.example/{cid}',
    'file:///{cid}',
    '{cid}',
  ])
    assert.equal(at(template), undefined, template)
})

test(`templates have at most ${BATCH_ENDPOINT_CHARS_MAX} characters`, () => {
  const of = (length: number): string => 'https://node.example/{cid}'.padEnd(length, 'a')
  assert.ok(at(of(BATCH_ENDPOINT_CHARS_MAX)))
  assert.equal(at(of(BATCH_ENDPOINT_CHARS_MAX + 1)), undefined)
})
