import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customerDidOf, isDid } from './customer-did.ts'

test('a customer is called by a DID or by an email address', () => {
  assert.equal(customerDidOf('alice@example.com'), 'did:mailto:example.com:alice')
  assert.equal(customerDidOf('a+b/c@mail.example.com'), 'did:mailto:mail.example.com:a%2Bb%2Fc')
  assert.equal(customerDidOf("o'hara@example.com"), "did:mailto:example.com:o'hara")
  assert.equal(customerDidOf('did:key:z6MkAlice'), 'did:key:z6MkAlice')
})

test('what is neither is nobody', () => {
  for (const text of ['alice', 'alice@', '@example.com', 'a@b@c.d', 'did:mailto', 'did:x:a b', ''])
    assert.equal(customerDidOf(text), undefined, text)
  assert.ok(!isDid(`did:x:${'a'.repeat(512)}`))
})
