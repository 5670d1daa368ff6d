/**
 * `turnpike domain` as its users have it: processes, a DNS server, a folder.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestDns, texts } from '@turnpike/node/testing/dns'
import { newFolder, running, turnpike } from './testing/commands.ts'

test('owners of domains are looked up and listed, with a server and without', async (t) => {
  const data = newFolder(t)
  const dns = await startTestDns()
  t.after(() => dns.close())
  const resolver = ['--dns-resolver', `udp://${dns.server.address}:${dns.server.port}`]
  dns.zone.set('_turnpike.a.example', texts(60, 'owner=did:key:z6MkAlice'))
  const server = await running(t, ['serve', '--data', data, ...resolver])
  const check = (domain: string, ...more: string[]) =>
    turnpike('domain', 'check', domain, '--data', data, ...more)
  const found = await check('A.example', '--json')
  assert.equal(found.code, 0, found.stderr)
  assert.deepEqual(
    [found.json.domain, found.json.owner, found.json.record],
    ['a.example', 'did:key:z6MkAlice', 'owner=did:key:z6MkAlice'],
  )
  assert.equal(await server.stop('SIGINT'), 0)
  const none = await check('b.example', ...resolver)
  assert.equal(none.code, 1)
  assert.match(none.stdout, /Set a TXT record at _turnpike\.b\.example: owner=<did>/)
  const listed = await turnpike('domain', 'ls', '--data', data)
  assert.match(
    listed.stdout,
    /^a\.example {2}did:key:z6MkAlice {2}since .*\nb\.example {2}no owner/,
  )
})
