import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { tableLines } from './table-lines.ts'
import { newFolder, turnpike } from './testing/commands.ts'
import { formatByteHours } from './units.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

test('usage of a folder: what is stored, by whom, as a table, JSON and CSV', async (t) => {
  const data = newFolder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  const [{ bytes }] = added.json.shards as [{ readonly bytes: number }]
  // As if it had been added some hours ago: only hours that are over count.
  const catalog = new DatabaseSync(`${data}/turnpike.sqlite`)
  catalog.exec('UPDATE storage_deltas SET at_ms = (at_ms / 3600000 - 3) * 3600000')
  catalog.close()
  const usage = (...words: string[]) => turnpike('usage', ...words, '--data', data)
  const told = await usage('--by', 'customer')
  assert.match(told.stdout, /^From 20\d\d-\d\d-\d\dT\d\d:00Z to .*, whole hours\n/)
  assert.match(
    told.stdout,
    / {2}did:mailto:example\.com:demo {2}0 reads {2}0 bytes {2}.*·h stored\n/,
  )
  assert.match(told.stdout, / {2}operator .*\n {2}suspense .*\nTotal {2}0 reads, 0 bytes\nStored /)
  const { json } = await usage('--json', '--customer', 'demo@example.com')
  assert.deepEqual([json.storedBytes, json.rows], [bytes, undefined])
  const hours = Number(json.storageByteMs) / 3_600_000 / bytes
  assert.ok(hours === 3 || hours === 4, `${hours} hours`)
  const csv = await usage('--space', 'default', '--by', 'hour', '--csv')
  const lines = csv.stdout.trimEnd().split('\r\n')
  assert.match(lines[0]!, /^hour,from,to,egress_bytes,/)
  assert.equal(lines.length, 1 + hours)
  for (const [words, code, message] of [
    [['--csv', '--json'], 2, /two formats/],
    [['--period', '2026-11', '--since', '1d'], 2, /"period" expected to stand without/],
    [['--customer', 'nobody@example.com'], 3, /expected to be a customer/],
    [['--space', 'nowhere'], 3, /nowhere/],
    [['--space', 'default', '--by', 'cid'], 2, /leave out customer and space/],
  ] as const) {
    const refused = await usage(...words)
    assert.equal(refused.code, code, refused.stderr)
    assert.match(refused.stderr, message)
  }
})

test('tables have their columns below each other, and none that is empty', () => {
  assert.deepEqual(tableLines([]), [])
  assert.deepEqual(
    tableLines([
      ['a', '', '12'],
      ['bcd', '', ''],
    ]),
    ['a    12', 'bcd'],
  )
})

test('byte hours are in the unit that suits them', () => {
  assert.equal(formatByteHours(1536n * 3_600_000n), '1.5 KiB·h')
  assert.equal(formatByteHours(-(2n ** 30n) * 3_600_000n), '-1.0 GiB·h')
  assert.equal(formatByteHours(0n), '0 bytes·h')
})
