/**
 * `turnpike name` as its users have it: processes, sockets, files.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

const NONE = '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d'

test('names are published, resolved and listed, with a server and without', async (t) => {
  const data = newFolder(t)
  const site = join(dirname(data), 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'index.html'), 'first')
  const added = await turnpike('add', site, '--data', data, '--json')
  const cid = String(added.json.cid)
  const here = ['--data', data, '--json', '--dns-resolver', 'off']
  const first = await turnpike('name', 'publish', cid, '--data', data, '--json')
  assert.equal(first.code, 0, first.stderr)
  const name = String(first.json.name)
  assert.match(name, /^k51/)
  assert.equal(first.json.path, `/ipfs/${cid}`)
  assert.equal(first.json.sequence, '0')
  const keys = join(data, 'keys')
  assert.ok(readdirSync(keys).includes('name-default.key'))
  if (process.platform !== 'win32')
    assert.equal(statSync(join(keys, 'name-default.key')).mode & 0o777, 0o600)

  const server = await running(t, ['serve', '--data', data, '--dns-resolver', 'off'])
  const read = async (): Promise<string> => (await fetch(`${server.url}/ipns/${name}/`)).text()
  assert.equal(await read(), 'first')
  writeFileSync(join(site, 'index.html'), 'second')
  const again = await turnpike('add', site, '--data', data, '--json')
  const path = `/ipfs/${again.json.cid}/index.html`
  const words = ['name', 'publish', path, '--ttl', '1m', '--lifetime', '1h', '--sequence', '7']
  const second = await turnpike(...words, '--data', data, '--json')
  assert.equal(second.json.name, name, second.stderr)
  const started = Date.now()
  while ((await read()) !== 'second') assert.ok(Date.now() - started < 1000)

  const resolved = await turnpike('name', 'resolve', name, ...here)
  const { validUntil, ttlMs, ...rest } = resolved.json
  assert.deepEqual(rest, { name, path, sequence: '7' }, resolved.stderr)
  assert.equal(ttlMs, 60_000)
  assert.ok(Math.abs(Date.parse(String(validUntil)) - Date.now() - 3_600_000) < 60_000)
  assert.match(
    (await turnpike('name', 'resolve', `/ipns/${name}`, '--data', data)).stdout,
    /TTL 1 m/,
  )

  const record = await fetch(`${server.url}/routing/v1/ipns/${name}`).then((got) => got.bytes())
  const file = join(site, 'record')
  writeFileSync(file, record)
  const put = await turnpike('name', 'put', name, file, '--data', data, '--json')
  assert.deepEqual(put.json, { name, kept: false, problem: null }, put.stderr)
  const wrong = await turnpike('name', 'put', NONE, file, '--data', data)
  assert.equal(wrong.code, 0, wrong.stderr)
  assert.match(wrong.stdout, /\/ipns\/k51\S+ {2}kept/)
  assert.match(wrong.stderr, /not to be believed: .*a signature by the key of its name/)
  assert.equal((await fetch(`${server.url}/ipns/${NONE}`)).status, 502)
  assert.equal(await server.stop('SIGINT'), 0)

  const listed = await turnpike('name', 'ls', '--data', data, '--json')
  const names = listed.json.names as Record<string, unknown>[]
  assert.deepEqual(
    names.map(({ key, standing, path: to, sequence }) => [key, standing, to, sequence]),
    [
      ['default', 'valid', path, '7'],
      [null, 'invalid', null, null],
    ],
  )
  assert.match((await turnpike('name', 'ls', '--data', data)).stdout, /default {2}\/ipfs\/.*until/)
})

test('what makes no sense is refused, each by its exit code', async (t) => {
  const data = newFolder(t)
  const refused = async (...words: string[]): Promise<string> => {
    const ran = await turnpike('name', ...words, '--data', data)
    return `${ran.code} ${ran.stderr}`
  }
  assert.match(await refused('ls'), /^3 /)
  const file = join(dirname(data), 'large')
  writeFileSync(file, Buffer.alloc(10_241))
  await turnpike('add', file, '--data', data)
  const outcomes = await Promise.all([
    refused('publish', '/nothing'),
    refused('publish', 'bafkqaaa', '--ttl', 'x'),
    refused('put', 'x', file),
    refused('put', NONE, file),
    refused('put', NONE, join(data, 'none')),
    refused('resolve', NONE),
  ])
  const expected = [
    /^2 .*path expected/,
    /^2 .*--ttl expected/,
    /^2 .*NAME expected/,
    /^2 .*got 10241/,
    /^3 .*can be read/,
    /^3 .*a record to be known/,
  ]
  for (const [i, pattern] of expected.entries()) assert.match(outcomes[i]!, pattern)
})
