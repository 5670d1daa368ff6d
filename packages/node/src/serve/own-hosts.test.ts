import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declaredHosts, frontDoorHosts, ownHosts } from './own-hosts.ts'

test('a deployment goes by all names in its settings', () => {
  const given = {
    hosts: ['a.example'],
    trustlessHosts: ['b.example:81'],
    hostSpaces: [{ host: 's.example', space: 'did:key:z6MkSpace' }],
    identity: 'key',
  } as const
  assert.deepEqual(ownHosts({ ...given, publicUrl: undefined }), [
    'a.example',
    'b.example:81',
    's.example',
  ])
  assert.deepEqual(ownHosts({ ...given, publicUrl: 'https://c.example/x' }).at(-1), 'c.example')
  assert.deepEqual(
    ownHosts({ ...given, publicUrl: 'http://c.example:8080' }).at(-1),
    'c.example:8080',
  )
  const named = { ...given, publicUrl: undefined, identity: 'did:web:d.example%3A81' } as const
  assert.deepEqual(ownHosts(named).at(-1), 'd.example:81')
  assert.deepEqual(declaredHosts(named), ['a.example', 'd.example:81'])
  assert.deepEqual(frontDoorHosts(named), ['a.example', 'd.example:81', ...given.trustlessHosts])
})
