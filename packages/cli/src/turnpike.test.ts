/**
 * The command line as its users have it: processes, sockets, files.
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { launch, newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

test('add, serve, read, usage: what was read is counted, running and stopped', async (t) => {
  const data = newFolder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  assert.equal(added.code, 0, added.stderr)
  const cid = String(added.json.cid)
  const server = await running(t, ['serve', '--data', data])
  const page = await fetch(`${server.url}/ipfs/${cid}/style.css`).then((got) => got.text())
  assert.match(page, /:root/)
  const usage = await turnpike('usage', '--data', data, '--json', '--by', 'cid')
  assert.equal(usage.json.reads, 1, usage.stderr)
  assert.equal(usage.json.bytes, Buffer.byteLength(page))
  // A second owner is refused, and says who the first is; a command beside it is not.
  const second = await turnpike('serve', '--data', data, '--port', '0')
  assert.equal(second.code, 4, second.stderr)
  const again = await turnpike('add', site, '--data', data, '--json')
  assert.equal(again.json.cid, cid)
  assert.equal(await server.stop('SIGINT'), 0)
  assert.equal(existsSync(join(data, 'control.sock')), false)
  const stopped = await turnpike('usage', '--data', data, '--json')
  assert.equal(stopped.json.bytes, Buffer.byteLength(page))
})

test('rm withdraws at once, gc frees, a second rm finds nothing', async (t) => {
  const data = newFolder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  const cid = String(added.json.cid)
  assert.equal((await turnpike('rm', cid, '--data', data)).code, 0)
  const again = await turnpike('rm', cid, '--data', data, '--json')
  assert.equal(again.code, 3)
  assert.equal((again.json.error as Error).name, 'RootUnknown')
  const freed = await turnpike('gc', '--data', data, '--json')
  assert.ok(Number(freed.json.bytes) > 7000, freed.stdout + freed.stderr)
})

test('start serves a folder, the same one again as it was, and ends on SIGTERM', async (t) => {
  const data = newFolder(t)
  const first = await running(t, ['start', site, '--data', data])
  const answer = await fetch(first.url)
  assert.match(await answer.text(), /The Long Road/)
  assert.equal((await fetch(`${first.adminUrl}/readyz`)).status, 200)
  assert.equal((await fetch(`${first.adminUrl}/metrics`)).status, 401)
  assert.equal(await first.stop('SIGTERM'), 0)
  const second = await running(t, ['start', site, '--data', data])
  assert.equal(second.cid, first.cid)
  assert.equal(await second.stop('SIGTERM'), 0)
})

test('a wrong command line or setting does nothing, and says what is wrong', async (t) => {
  const data = newFolder(t)
  for (const [words, code, says] of [
    [['serv'], 2, /did you mean "serve"/],
    [['serve', '--data', data, '--port', 'x'], 2, /--port: expected a whole number/],
    [['usage', '--data', data], 3, /expected a data folder/],
    [['usage', '--data', data, '--since', 'soon'], 2, /"since" expected/],
    [['add', '--data', data], 2, /PATH… or --car FILE…/],
    [['rm', 'nonsense', '--data', data], 3, /expected a data folder/],
  ] as const) {
    const { code: got, stderr } = await turnpike(...words)
    assert.equal(got, code, `${words.join(' ')}: ${stderr}`)
    assert.match(stderr, says)
    assert.equal(existsSync(data), false, words.join(' '))
  }
  const file = join(data, '..', 'bad.car')
  writeFileSync(file, 'nonsense')
  const bad = await turnpike('add', '--car', file, '--data', data)
  assert.equal(bad.code, 1)
  assert.doesNotMatch(bad.stderr, /\n\s+at /)
  const none = await turnpike('add', join(data, 'none'), '--data', data)
  assert.equal(none.code, 3, none.stderr)
})

test('a command that is interrupted exits 130 and leaves nothing visible', async (t) => {
  const data = newFolder(t)
  const big = join(data, '..', 'big.bin')
  writeFileSync(big, Buffer.alloc(200 * 1024 * 1024))
  const child = launch(['add', big, '--data', data])
  child.stderr!.resume()
  child.stdout!.resume()
  while (!existsSync(join(data, 'stages')) && child.exitCode === null)
    await new Promise((resolve_) => setTimeout(resolve_, 10))
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.ok(code === 130 || code === 0, String(code))
  const usage = await turnpike('gc', '--data', data, '--json')
  assert.equal(usage.code, 0, usage.stderr)
})
