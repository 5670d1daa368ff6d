/**
 * Spaces and delegations from the command line, beside a running server and without one.
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newFolder, running, turnpike } from './testing/commands.ts'

/** Answers of a URL, again and again, until `until` or 5 s have passed. */
async function statusWithin(url: string, expected: number): Promise<number> {
  const startMs = performance.now()
  for (;;) {
    const { status } = await fetch(url)
    if (status === expected) return performance.now() - startMs
    assert.ok(performance.now() - startMs < 5000, `${url} expected ${expected}, got ${status}`)
    await sleep(20)
  }
}

test('a private space behind a token, while the server runs', async (t) => {
  const data = newFolder(t)
  const file = join(dirname(data), 'a.txt')
  writeFileSync(file, 'for friends')
  const server = await running(t, ['serve', '--data', data])
  const run = (...words: string[]): ReturnType<typeof turnpike> =>
    turnpike(...words, '--data', data, '--json')
  const { json: space } = await run('space', 'create', 'private')
  assert.match(String(space.did), /^did:key:z6Mk/)
  assert.equal(statSync(join(data, 'keys/space-private.key')).mode & 0o777, 0o600)
  const added = await run('add', file, '--space', 'private')
  const [{ cid }] = added.json.roots as [{ cid: string }]
  const url = `${server.url}/ipfs/${cid}`
  assert.equal((await fetch(url)).status, 404, 'nobody was let serve it')
  const made = await run('delegate', 'create', '--space', 'private', '--token', 'open sesame')
  assert.equal(made.json.stored, true)
  assert.doesNotMatch(made.stdout + made.stderr, /sesame/)
  await statusWithin(`${url}?authToken=open%20sesame`, 200)
  assert.equal((await fetch(url)).status, 404)
  assert.equal((await fetch(`${url}?authToken=Open%20sesame`)).status, 404)
  const bearer = { authorization: 'bearer no' }
  assert.equal((await fetch(url, { headers: bearer })).status, 404)
  const listed = await run('delegate', 'ls', '--space', 'private')
  const [delegation] = listed.json.delegations as [Record<string, unknown>]
  assert.deepEqual([delegation.token, delegation.standing], ['required', 'in force'])
  assert.doesNotMatch(listed.stdout, /sesame/)
  await run('delegate', 'revoke', String(made.json.cid))
  assert.ok((await statusWithin(`${url}?authToken=open%20sesame`, 404)) < 1000)
  const { json: info } = await run('space', 'info', 'private')
  assert.equal((info.delegations as [{ standing: string }])[0].standing, 'revoked')
  assert.equal(info.roots, 1)
  const again = await run('delegate', 'create', '--space', 'private', '--token', 'open sesame')
  assert.equal(again.code, 1, 'the same one again is the one that was revoked')
  assert.match(again.stderr, /revoked/)
  assert.equal(await server.stop('SIGTERM'), 0)
})

test('a body that is sent is cut when its delegation is revoked', async (t) => {
  const data = newFolder(t)
  const file = join(dirname(data), 'large.bin')
  writeFileSync(file, Buffer.alloc(64 << 20, 'turnpike'))
  const run = (...words: string[]): ReturnType<typeof turnpike> =>
    turnpike(...words, '--data', data, '--json')
  const added = await run('add', file)
  const [{ cid }] = added.json.roots as [{ cid: string }]
  const listed = await run('delegate', 'ls')
  const [{ cid: delegation }] = listed.json.delegations as [{ cid: string }]
  const server = await running(t, ['serve', '--data', data])
  const request = get(`${server.url}/ipfs/${cid}`)
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 200)
  await once(response, 'readable')
  const first = response.read() as Buffer
  await run('delegate', 'revoke', delegation)
  await sleep(300)
  let bytes = first.length
  await assert.rejects(
    async () => {
      for await (const chunk of response) bytes += chunk.length
    },
    { code: 'ECONNRESET' },
  )
  assert.ok(bytes < 64 << 20, `${bytes} bytes came`)
  assert.equal(await server.stop('SIGTERM'), 0)
  const { json: usage } = await run('usage')
  const recorded = Number(usage.bytesDelivered)
  assert.ok(recorded >= bytes && recorded < 64 << 20, `${bytes} came, ${recorded} recorded`)
})

test('a delegation for another gateway is written, and imported there', async (t) => {
  const [here, there] = [newFolder(t), newFolder(t)]
  for (const data of [here, there]) await turnpike('space', 'create', 'mine', '--data', data)
  const who = await turnpike('delegate', 'ls', '--data', there, '--json')
  const [{ audience }] = who.json.delegations as [{ audience: string }]
  const file = join(dirname(here), 'sent.car')
  const words = ['--space', 'mine', '--audience', audience, '--expires', '30d', '--output', file]
  const made = await turnpike('delegate', 'create', '--data', here, '--json', ...words)
  assert.equal(made.code, 0, made.stderr)
  assert.equal(made.json.stored, false)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const none = await turnpike('delegate', 'ls', '--data', here, '--space', 'mine', '--json')
  assert.deepEqual(none.json.delegations, [], 'it is not for this one')
  const wrong = await turnpike('delegate', 'import', file, '--data', here)
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /audience expected did:key/)
  const kept = await turnpike('delegate', 'import', file, '--data', there, '--json')
  assert.equal(kept.code, 0, kept.stderr)
  assert.equal(kept.json.cid, made.json.cid)
  const damaged = Buffer.from(readFileSync(file))
  damaged[damaged.length - 1]! ^= 1
  writeFileSync(file, damaged)
  const refused = await turnpike('delegate', 'import', file, '--data', there)
  assert.match(refused.stderr, /blocks that have the hash in their CID/)
})

test('a space whose key is elsewhere has content here, once it delegates', async (t) => {
  const [here, there] = [newFolder(t), newFolder(t)]
  const file = join(dirname(here), 'a.txt')
  writeFileSync(file, 'of somebody else')
  const { json: made } = await turnpike('space', 'create', 'theirs', '--data', there, '--json')
  const did = String(made.did)
  const run = (...words: string[]): ReturnType<typeof turnpike> =>
    turnpike(...words, '--data', here, '--json')
  assert.equal((await run('space', 'create', 'alice', '--did', 'did:web:alice.example')).code, 2)
  const { json: known } = await run('space', 'create', 'alice', '--did', did)
  assert.deepEqual([known.name, known.did], ['alice', did])
  assert.equal((await run('space', 'create', 'again', '--did', did)).code, 1)
  assert.match((await run('delegate', 'create', '--space', 'alice')).stderr, /its key in this/)
  const added = await run('add', file, '--space', did)
  assert.equal(added.code, 0, added.stderr)
  const server = await running(t, ['serve', '--data', here])
  const url = `${server.url}/ipfs/${(added.json.roots as [{ cid: string }])[0].cid}`
  assert.equal((await fetch(url)).status, 404)
  const { json: who } = await run('whoami')
  const sent = join(dirname(here), 'sent.car')
  const words = ['--space', 'theirs', '--audience', String(who.did), '--output', sent]
  await turnpike('delegate', 'create', '--data', there, '--json', ...words)
  assert.equal((await run('delegate', 'import', sent)).code, 0)
  await statusWithin(url, 200)
  assert.equal(await server.stop('SIGTERM'), 0)
})

test('what makes no sense is refused, and says why', async (t) => {
  const data = newFolder(t)
  const code = async (...words: string[]): Promise<number | null> =>
    (await turnpike(...words, '--data', data)).code
  assert.equal(await code('delegate', 'ls'), 3, 'there is no folder')
  assert.equal(await code('space', 'create', 'Has Capitals'), 2)
  assert.equal(await code('space', 'create', 'photos'), 0)
  assert.equal(await code('space', 'create', 'photos'), 1)
  assert.equal(await code('space', 'info', 'nothing'), 3)
  assert.equal(await code('add', '--space', 'nothing', import.meta.filename), 3)
  assert.equal(await code('delegate', 'create'), 2)
  assert.equal(await code('delegate', 'create', '--space', 'nothing'), 3)
  assert.equal(await code('delegate', 'create', '--space', 'photos', '--expires', 'soon'), 2)
  assert.equal(
    await code('delegate', 'create', '--space', 'photos', '--audience', 'did:web:a.b'),
    2,
  )
  assert.equal(await code('delegate', 'revoke', 'no-cid'), 2)
})
