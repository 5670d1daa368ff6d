import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

interface Listed {
  readonly kind: string
  readonly public: boolean
  readonly urls: readonly string[]
  readonly standing: string
}

test('claims ls and publish, with the server running and stopped', async (t) => {
  const data = newFolder(t)
  const early = await turnpike('claims', 'ls', '--data', data)
  assert.equal(early.code, 3, early.stderr)
  const added = await turnpike('add', site, '--data', data, '--json')
  const [shard] = added.json.shards as { cid: string }[]
  const nothing = await turnpike('claims', 'publish', 'http://127.0.0.1:1', '--data', data)
  assert.equal(nothing.code, 1)
  assert.match(nothing.stderr, /--public-url/)
  const holder = ['serve', '--data', data, '--public-url', 'https://here.example']
  const server = await running(t, holder)
  const listed = await turnpike('claims', 'ls', '--data', data, '--json')
  const claims = listed.json.claims as Listed[]
  assert.deepEqual(
    claims.filter((claim) => claim.public).map(({ kind }) => kind),
    ['index', 'location', 'location'],
  )
  assert.ok(claims.every(({ standing }) => standing === 'in force'))
  const about = await turnpike('claims', 'ls', '--content', shard!.cid, '--data', data)
  assert.match(about.stdout, /location of zQm.* https:\/\/here\.example\/blob\/zQm/)
  assert.equal((await turnpike('claims', 'ls', '--content', 'x', '--data', data)).code, 2)
  const other = await running(t, ['serve', '--data', newFolder(t)])
  const who = await fetch(`${other.url}/.well-known/did.json`)
  assert.equal(who.status, 404, 'it is no did:web, so that --to has to say who it is')
  const wrong = ['claims', 'publish', other.url, '--to', 'did:web:other.example', '--data', data]
  const refused = await turnpike(...wrong)
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /Published 0 claims/)
  assert.match(refused.stderr, /InvalidAudience/)
  assert.equal((await turnpike('claims', 'publish', 'nowhere', '--data', data)).code, 2)
  assert.equal(await server.stop('SIGINT'), 0)
  assert.equal((await turnpike(...wrong)).code, 1)
  await other.stop('SIGINT')
})
