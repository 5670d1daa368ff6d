import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

test('queue lists what waits and what was given up, and tries it again', async (t) => {
  const data = newFolder(t)
  const early = await turnpike('queue', 'ls', '--data', data)
  assert.equal(early.code, 3, early.stderr)
  const server = await running(t, ['serve', '--data', data])
  const empty = await turnpike('queue', 'ls', '--data', data)
  assert.match(empty.stdout, /^Nothing waits\./)
  assert.equal(await server.stop('SIGINT'), 0)
  const billing = new DatabaseSync(`${data}/billing.sqlite`)
  billing.exec(`
    INSERT INTO queue (topic, key, body, put_ms, not_before_ms) VALUES
      ('letters', 'a', x'0102', 1800000000000, 1800000000000);
    INSERT INTO queue (topic, key, body, put_ms, not_before_ms, attempts, dead_ms, reason) VALUES
      ('letters', 'b', x'01', 1800000000000, 0, 7, 1800000001000, 'no such address'),
      ('parcels', 'c', x'01', 1800000000000, 0, 7, 1800000001000, 'no such address')
  `)
  billing.close()
  const waiting = await turnpike('queue', 'ls', '--data', data, '--json')
  assert.deepEqual(waiting.json.topics, [
    { topic: 'letters', waiting: 1, dead: 1 },
    { topic: 'parcels', waiting: 0, dead: 1 },
  ])
  const [message] = waiting.json.messages as readonly Record<string, unknown>[]
  assert.deepEqual([message?.['key'], message?.['sizeBytes'], message?.['dead']], ['a', 2, null])
  const dead = await turnpike('queue', 'ls', 'letters', '--dead', '--data', data)
  assert.match(dead.stdout, /2 letters b, 7 attempts, dead 2027-.*: no such address/)
  const wrong = await turnpike('queue', 'redrive', '--id', 'x', '--data', data)
  assert.equal(wrong.code, 2, wrong.stderr)
  const one = await turnpike('queue', 'redrive', '--id', '2', '--data', data, '--json')
  assert.deepEqual(one.json, { redriven: 1 })
  const other = await turnpike('queue', 'redrive', 'letters', '--data', data)
  assert.match(other.stdout, /tried again: 0/)
  const rest = await turnpike('queue', 'redrive', '--data', data, '--json')
  assert.deepEqual(rest.json, { redriven: 1 })
})
