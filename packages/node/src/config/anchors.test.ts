import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANCHORS } from './anchors.ts'

test('a deployment has one anchor or more, none twice, of those that there are', () => {
  const { fromText, fromJson, show } = ANCHORS.anchors.kind
  assert.deepEqual(fromText('evm, local'), ['evm', 'local'])
  assert.deepEqual(fromJson(['witness']), ['witness'])
  assert.equal(show(['evm', 'local']), 'evm,local')
  for (const wrong of ['', 'local,local', 'l1', 'local,']) assert.equal(fromText(wrong), undefined)
  for (const wrong of [[], ['evm', 'evm'], 'local', [1], null])
    assert.equal(fromJson(wrong), undefined)
})
