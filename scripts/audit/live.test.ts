/**
 * `turnpike audit ledger`, `receipts audit` and `receipts fsck` beside a server, and after it.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { contentOf } from '../campaigns/rig/random.ts'
import { addEach, endProcesses, serve, turnpike, turnpikeJson } from '../campaigns/rig/turnpike.ts'

test('log and ledger of a server hold while it serves; a changed ledger does not', async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'turnpike-audit-live-'))
  t.after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true })
  })
  const data = join(scratch, 'data')
  const file = join(scratch, 'file')
  await writeFile(file, contentOf('file', 40_000))
  const [path] = await addEach(data, [file])
  const server = await serve(data)
  let received = 0
  const load = async (): Promise<void> => {
    for (let i = 0; i < 150; i++) {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`)
      received += (await response.arrayBuffer()).byteLength
    }
  }
  const loads = [load(), load()]
  const during = await turnpikeJson('audit', 'ledger', '--data', data)
  assert.equal(during['holds'], true)
  await Promise.all(loads)
  const usage = await turnpikeJson('usage', '--data', data)
  assert.equal(usage['bytes'], received)
  const running = await turnpikeJson('audit', 'ledger', '--data', data)
  assert.equal(running['entries'], usage['asOfEntry'])
  assert.equal(running['summed'], usage['asOfEntry'])
  const inUse = await turnpikeJson('receipts', 'audit', '--data', data)
  assert.deepEqual([inUse['holds'], inUse['isClean']], [true, false])
  assert.equal((await server.stop('SIGINT')).code, 0)
  const stopped = await turnpikeJson('audit', 'ledger', '--data', data)
  assert.equal(stopped['root'], running['root'])
  const vkey = (await readFile(join(data, 'receipts/log.vkey'), 'utf8')).trim()
  const receipts = await turnpikeJson('receipts', 'audit', '--data', data, '--vkey', vkey)
  const { holds, isClean, isPinned, root } = receipts
  assert.deepEqual([holds, isClean, isPinned, root], [true, true, true, running['root']])
  assert.equal((await turnpikeJson('receipts', 'fsck', '--data', data))['holds'], true)
  const journal = join(data, 'journal/0/00000000000000000000.wal')
  const frames = await readFile(journal)
  await writeFile(journal, frames.with(frames.length - 1, frames.at(-1)! ^ 1))
  for (const verb of ['audit', 'fsck']) {
    const { code, stdout } = await turnpike('receipts', verb, '--data', data)
    assert.equal(code, 1)
    assert.match(stdout, /^journal\/0\/0{20}\.wal\n {2}expected [^]*found /m)
  }
  await writeFile(journal, frames)
  const database = new DatabaseSync(join(data, 'ledger.sqlite'))
  database.exec('UPDATE space_hour SET bytes = bytes + 1')
  database.close()
  const audit = await turnpike('audit', 'ledger', '--data', data)
  assert.equal(audit.code, 1)
  assert.match(audit.stdout, /space_hour \d+, space "did:key:[^]*expected [^]*found /)
  assert.equal((await turnpike('audit', 'ledger', 'x', '--data', data)).code, 2)
})
