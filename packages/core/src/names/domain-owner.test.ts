import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DID_CHARS_MAX } from '../limits/read-receipts.ts'
import { domainOwnerOf, ownerRecordName } from './domain-owner.ts'

const owner = 'did:key:z6MkAlice'

test('one record names the owner, among others that say something else', () => {
  const record = `owner=${owner}`
  assert.deepEqual(domainOwnerOf(['v=1', record]), { kind: 'owner', owner, record })
  assert.deepEqual(domainOwnerOf([record, record]), { kind: 'owner', owner, record })
  assert.deepEqual(domainOwnerOf(['v=1', ' owner=x', 'Owner=x']), { kind: 'none' })
  assert.deepEqual(domainOwnerOf([]), { kind: 'none' })
  const web = 'did:web:example.org%3A8443:users:a'
  assert.equal(domainOwnerOf([`owner=${web}`]).kind, 'owner')
})

test('records that name nobody, or two, are unclear', () => {
  const wrong = [
    '',
    'alice',
    'did:',
    'did:key:',
    'did:key:a b',
    'did:key:%zz',
    'did:Key:a',
    'did:a:b:',
  ]
  for (const value of wrong) assert.equal(domainOwnerOf([`owner=${value}`]).kind, 'unclear', value)
  assert.deepEqual(domainOwnerOf(['owner=did:a:b', 'owner=did:a:a']), {
    kind: 'unclear',
    record: 'owner=did:a:a owner=did:a:b',
  })
})

test('an owner has a bound of characters, and so has what is shown of another', () => {
  const most = `did:key:${'z'.repeat(DID_CHARS_MAX - 8)}`
  assert.equal(domainOwnerOf([`owner=${most}`]).kind, 'owner')
  const more = domainOwnerOf([`owner=${most}z`])
  assert.equal(more.kind === 'unclear' && more.record.length, 100)
})

test('only names that DNS can have such a record for are asked about', () => {
  assert.equal(ownerRecordName('Docs.Example.org.'), '_turnpike.docs.example.org')
  const label = 'a'.repeat(61)
  const long = `${label}.${label}.${label}.${'b'.repeat(57)}`
  assert.equal(ownerRecordName(long), `_turnpike.${long}`)
  assert.equal(`_turnpike.${long}`.length, 253)
  for (const name of ['localhost', '127.0.0.1', 'a.local', 'x', `${long}b`, '_turnpike.a.example'])
    assert.equal(ownerRecordName(name), undefined, name)
})
