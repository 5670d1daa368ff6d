import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH_DID_CHARS_MAX, HANDING_HOSTS_MAX } from '@turnpike/core/limits/inbox'
import { HANDOVER } from './handover.ts'

test('who counts is a DID and an address, shown as it was given', () => {
  const { kind } = HANDOVER.handTo
  for (const text of [
    'did:web:main.example=https://main.example',
    'did:key:z6Mk=http://10.0.0.5:8080/base',
  ]) {
    const value = kind.fromText(text)
    assert.equal(kind.show(value!), text)
    assert.deepEqual(kind.fromJson(text), value)
  }
  const did = `did:web:${'x'.repeat(BATCH_DID_CHARS_MAX - 8)}`
  assert.ok(kind.fromText(`${did}=https://a.example`))
  for (const text of [
    `${did}x=https://a.example`,
    'did:web:main.example',
    'https://main.example',
    'did:web:main.example=ftp://main.example',
    'did:web:main.example=https://user:secret@main.example',
    'did:web:main.example=https://main.example?x=1',
    'web:main.example=https://main.example',
    '',
  ])
    assert.equal(kind.fromText(text), undefined, text)
})

test(`at most ${HANDING_HOSTS_MAX} hosts are counted`, () => {
  const { kind } = HANDOVER.handFrom
  const hosts = Array.from({ length: HANDING_HOSTS_MAX }, (_, i) => `did:web:h${i}.example`)
  assert.deepEqual(kind.fromJson(hosts), hosts)
  assert.equal(kind.fromJson([...hosts, 'did:web:more.example']), undefined)
  assert.equal(kind.fromText('main.example'), undefined)
})
