import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DENY_PAGE_ROWS } from '@turnpike/core/limits/deny'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

test('deny add, rm, ls and import, with the server running and stopped', async (t) => {
  const data = newFolder(t)
  const early = await turnpike('deny', 'add', 'bafkqaaa', '--reason', 'x', '--data', data)
  assert.equal(early.code, 3, early.stderr)
  const added = await turnpike('add', site, '--data', data, '--json')
  const cid = String(added.json.cid)
  const denied = await turnpike(
    'deny',
    'add',
    cid,
    '--reason',
    'order 17',
    '--legal',
    '--data',
    data,
  )
  assert.equal(denied.code, 0, denied.stderr)
  assert.match(denied.stdout, /Denied \/ipfs\/bafy/)
  const server = await running(t, ['serve', '--data', data])
  const status = async (path: string): Promise<number> => {
    const response = await fetch(`${server.url}/ipfs/${cid}${path}`)
    await response.arrayBuffer()
    return response.status
  }
  assert.equal(await status('/style.css'), 451)
  const lifted = await turnpike('deny', 'rm', cid, '--by', 'judge', '--data', data)
  assert.equal(lifted.code, 0, lifted.stderr)
  await sleep(600)
  assert.equal(await status('/style.css'), 200)
  const file = `${data}.deny`
  writeFileSync(file, `/ipfs/${cid}/style.css\nnonsense\n`)
  const imported = await turnpike('deny', 'import', file, '--name', 'mine', '--data', data)
  assert.match(imported.stdout, /List mine: 1 rules, 1 added, 0 removed/)
  assert.match(imported.stderr, /1 lines say nothing .* line 2/)
  await sleep(600)
  assert.equal(await status('/style.css'), 410)
  const listed = await turnpike('deny', 'ls', '--data', data)
  assert.match(listed.stdout, /list mine {2}1 rules, changed .*, from .*\.deny/)
  assert.equal(await server.stop('SIGINT'), 0)
  const log = await turnpike('deny', 'ls', '--log', '--data', data, '--json')
  const lines = log.json.log as { by: string; action: string; reason: string }[]
  const user = userInfo().username
  assert.deepEqual(
    lines.map(({ by, action, reason }) => [by, action, reason]),
    [
      [user, 'import', ''],
      ['judge', 'rm', ''],
      [user, 'add', 'order 17'],
    ],
  )
  assert.equal((await turnpike('deny', 'rm', '--list', 'mine', '--data', data)).code, 0)
  const gone = await turnpike('deny', 'rm', '--list', 'mine', '--data', data)
  assert.equal(gone.code, 3, gone.stderr)
  assert.match((await turnpike('deny', 'ls', '--data', data)).stdout, /Nothing is denied/)
  // More than one page of rules, and of the log.
  const names = Array.from({ length: DENY_PAGE_ROWS + 1 }, (_, i) => `a${i}.example`)
  const many = await turnpike('deny', 'add', ...names, '--reason', 'x', '--data', data)
  assert.equal(many.code, 0, many.stderr)
  const all = await turnpike('deny', 'ls', '--data', data, '--json')
  const rules = (all.json.rules as { rule: string }[]).map(({ rule }) => rule)
  assert.deepEqual(rules, names.map((name) => `/ipns/${name}`).toReversed())
  const grown = await turnpike('deny', 'ls', '--log', '--data', data, '--json')
  assert.equal((grown.json.log as unknown[]).length, lines.length + 1 + names.length)
})

test('a deny command that makes no sense does nothing', async (t) => {
  const data = newFolder(t)
  await turnpike('add', site, '--data', data)
  for (const [words, code, says] of [
    [['add', 'bafkqaaa'], 2, /expected --reason TEXT/],
    [['add', 'nonsense', '--reason', 'x'], 2, /"nonsense": rule expected/],
    [['rm'], 2, /either WHAT… or --list NAME/],
    [['rm', 'bafkqaaa', '--list', 'x'], 2, /either WHAT… or --list NAME/],
    [['rm', 'bafkqaaa'], 3, /expected to be denied, is not/],
    [['import', '/none/such.deny'], 3, /ENOENT/],
    [['import', 'http://127.0.0.1:1/x.deny'], 1, /expected https:/],
  ] as const) {
    const ran = await turnpike('deny', ...words, '--data', data)
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stderr}`)
    assert.match(ran.stderr, says)
    assert.doesNotMatch(ran.stderr, /\n\s+at /)
  }
})
