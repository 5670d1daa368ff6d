import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkLog } from '@turnpike/accounting/check-log'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { accountingPaths, openAccounting } from './open.ts'

const RUNS = Number(process.env['TURNPIKE_CRASH_RUNS'] ?? 2)
const CHILD = fileURLToPath(new URL('testing/crash-child.ts', import.meta.url))

/** Runs the child, kills it after `ms` of work, and returns the last count it called durable. */
async function killAfter(dataDir: string, ms: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-64)
  })
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  await sleep(ms)
  child.kill('SIGKILL')
  const [code, signal] = await closed
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  return Number(said.split('\n').at(-2))
}

test('killed at any moment, each durable read is in log and ledger exactly once', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-crash-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  let counted = 0
  for (let run = 0; run < RUNS; run++) {
    const ms = Math.floor(Math.random() * 400)
    const durable = await killAfter(dataDir, ms)
    const accounting = await openAccounting({ dataDir, origin: 'crash', slotsInUse: [] })
    assert.equal(accounting.error, undefined)
    const { ok: usage, error } = await accounting.ok!.usage({})
    await accounting.ok!.close()
    assert.equal(error, undefined, `killed after ${ms} ms`)
    // What was durable is there; a group whose write was done but not yet reported may be too.
    assert.ok(usage!.reads >= durable, `${usage!.reads} of ${durable}, killed after ${ms} ms`)
    assert.equal(usage!.bytes, BigInt(usage!.reads))
    assert.ok(usage!.reads > counted, 'the run added reads')
    counted = usage!.reads
    const store = await FileLogStore.open(accountingPaths(dataDir).log)
    const { ok: report, error: corrupt } = await checkLog(store, nodeHasher)
    store.close()
    assert.equal(corrupt, undefined)
    assert.equal(report!.size - report!.epochs, counted)
  }
})
