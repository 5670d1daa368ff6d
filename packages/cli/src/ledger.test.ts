import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

test('ledger rebuild counts the log again, with the server running and stopped', async (t) => {
  const data = newFolder(t)
  const early = await turnpike('ledger', 'rebuild', '--data', data)
  assert.equal(early.code, 3, early.stderr)
  const added = await turnpike('add', site, '--data', data, '--json')
  const server = await running(t, ['serve', '--data', data])
  const response = await fetch(`${server.url}/ipfs/${String(added.json.cid)}/style.css`)
  const { byteLength } = await response.arrayBuffer()
  const bytes = async (): Promise<unknown> => {
    const usage = await turnpike('usage', '--data', data, '--json')
    assert.equal(usage.code, 0, usage.stderr)
    return usage.json.bytes
  }
  assert.equal(await bytes(), byteLength)
  const live = await turnpike('ledger', 'rebuild', '--data', data)
  assert.match(live.stdout, /^Counted the log again: \d+ entries\./)
  assert.equal(await bytes(), byteLength)
  assert.equal(await server.stop('SIGINT'), 0)
  // Somebody changes a sum: the log knows better.
  const ledger = new DatabaseSync(`${data}/ledger.sqlite`)
  ledger.exec('UPDATE total_hour SET bytes = 1; UPDATE total_day SET bytes = 1')
  ledger.exec('UPDATE total_month SET bytes = 1')
  ledger.close()
  assert.equal(await bytes(), 1)
  const again = await turnpike('ledger', 'rebuild', '--data', data, '--json')
  assert.ok(Number(again.json.size) >= 1, again.stderr)
  assert.equal(await bytes(), byteLength)
})
