/**
 * `turnpike credits`, as users have it.
 * @module
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { newFolder, turnpike } from './testing/commands.ts'

const PROVIDER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

test('the pool is seeded, a policy is decided on, and what there is can be asked', async (t) => {
  const data = newFolder(t)
  await turnpike('add', import.meta.filename, '--data', data)
  const folder = ['--data', data]
  const seeding = ['credits', 'seed', '500.00', '--note', 'start', ...folder]
  const seeded = await turnpike(...seeding, '--id', 'p1')
  assert.match(seeded.stdout, /p1: 500\.00 credits; the pool has 500\.00\n/, seeded.stderr)

  const file = join(dirname(data), 'policy.json')
  const terms = { perGib: '1', epochBudget: '10', ttlHours: 720 }
  writeFileSync(file, JSON.stringify({ ...terms, providers: { [PROVIDER]: { cap: '5' } } }))
  const decided = await turnpike('credits', 'policy', file, '--id', 'p2', ...folder)
  assert.match(decided.stdout, /^No policy is in force.*\np2, to come, for reads from \d{4}-.*/)
  assert.match(decided.stdout, new RegExp(`${PROVIDER}: times 1, at most 5\\.00 an hour`))
  const spent = await turnpike('credits', 'spend', PROVIDER, '1', '--id', 'o1', ...folder)
  assert.match(spent.stderr, /expected to be worth 1\.00, got 0\.00/)
  const balance = await turnpike('credits', 'balance', ...folder)
  assert.match(balance.stdout, /^pool +500\.00 +of it 500\.00 put in since/)
  const events = await turnpike('credits', 'ls', 'events', ...folder)
  assert.match(events.stdout, /^p2 +policy +from .*\np1 +seed +500\.00 +from .* start\n$/)
})
