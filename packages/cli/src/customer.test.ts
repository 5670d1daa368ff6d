/**
 * `turnpike customer` as its users have it: processes, sockets, files.
 * @module
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

const ALICE = 'did:mailto:example.com:alice'
const HOUR_MS = 3_600_000

test('customers, plans and spaces are put down, with a server and without', async (t) => {
  const data = newFolder(t)
  const here = ['--data', data, '--json']
  await turnpike('add', import.meta.filename, ...here)
  const space = await turnpike('space', 'create', 'photos', ...here)
  assert.equal(space.json.customer, null, space.stderr)
  const did = String(space.json.did)
  const { stdout } = await turnpike('customer', 'ls', '--data', data)
  assert.match(stdout, /did:mailto:example.com:demo/)
  assert.match(stdout, new RegExp(`${did}  nobody’s: .*suspense`))

  const server = await running(t, ['serve', '--data', data])
  const added = await turnpike('customer', 'add', 'alice@example.com', ...here)
  assert.deepEqual([added.json.did, added.json.added], [ALICE, true], added.stderr)
  const assigned = await turnpike('customer', 'assign', 'photos', 'alice@example.com', ...here)
  assert.equal(assigned.json.from, null, assigned.stderr)
  assert.equal(assigned.json.space, did)
  assert.equal(await server.stop('SIGINT'), 0)

  const plans = join(dirname(data), 'plans.json')
  const lite = { id: 'did:web:lite.example.com', name: 'Lite', currency: 'EUR' }
  writeFileSync(plans, JSON.stringify({ plans: [lite] }))
  const words = ['customer', 'plan', ALICE, lite.id, '--plans', plans]
  const planned = await turnpike(...words, ...here)
  assert.equal(planned.json.plan, lite.id, planned.stderr)
  await turnpike('customer', 'add', 'bob@example.com', ...here)
  const refused = await turnpike('customer', 'assign', did, 'bob@example.com', '--data', data)
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /another has it/)
  const moved = await turnpike('customer', 'assign', did, 'bob@example.com', '--move', ...here)
  const ahead = Date.parse(String(moved.json.from)) - Date.now()
  assert.ok(ahead > -5000 && ahead <= HOUR_MS, `from ${moved.json.from}`)
  const shown = await turnpike('customer', 'show', ALICE, ...here)
  const [photos] = shown.json.spaces as Record<string, unknown>[]
  assert.equal(photos?.until, moved.json.from)
  const removed = await turnpike('customer', 'remove', did, ...here)
  assert.equal(removed.json.customer, 'did:mailto:example.com:bob', removed.stderr)
})

test('a file of plans that is none stops the start, which says why', async (t) => {
  const data = newFolder(t)
  const served = await turnpike('serve', '--data', data, '--plans', import.meta.filename)
  assert.notEqual(served.code, 0)
  assert.match(served.stderr, /expected a file of plans/)
})

test('a space may be made for a customer, who has to be known', async (t) => {
  const data = newFolder(t)
  const here = ['--data', data, '--json']
  await turnpike('add', import.meta.filename, ...here)
  const words = ['space', 'create', 'photos', '--customer', 'alice@example.com']
  const refused = await turnpike(...words, ...here)
  assert.match(refused.stderr, /expected to be a customer/)
  await turnpike('customer', 'add', 'alice@example.com', ...here)
  const made = await turnpike(...words, ...here)
  assert.equal(made.json.customer, ALICE, made.stderr)
  assert.notEqual((await turnpike('customer', 'plan', ALICE, 'lite', ...here)).code, 0)
})
