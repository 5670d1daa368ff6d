import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openKillWorld } from './testing/kill-world.ts'

const RUNS = Number(process.env['TURNPIKE_TEST_EPOCH_KILLS'] ?? 1)
const CHILD = fileURLToPath(new URL('testing/kill-child.ts', import.meta.url))

/** Runs the child, kills it after `ms` of work, and returns the last count it called final. */
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
  assert.deepEqual(await closed, [null, 'SIGKILL'])
  return Number(said.split('\n').at(-2))
}

test('killed at any moment, epochs go on from where they were, credited once', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-epochs-kill-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  let final = 0
  for (let run = 0; run < RUNS; run++) {
    const ms = Math.floor(Math.random() * 300)
    const said = await killAfter(dataDir, ms)
    const world = await openKillWorld(dataDir)
    const { counts } = world.epochs.progress()
    assert.ok(counts.final >= Math.max(said, final), `${counts.final} of ${said}, after ${ms} ms`)
    final = counts.final
    world.close()
  }
  const world = await openKillWorld(dataDir)
  for (let step = 0; step < 10; step++) await world.step()
  const { counts } = world.epochs.progress()
  assert.deepEqual([counts.batched, counts.anchored], [0, 0])
  const epochs = world.epochs.list(0, 1000).map(({ statement }) => statement.epoch)
  const credited = world.billing
    .prepare('SELECT epoch FROM credit_issuances ORDER BY number')
    .all()
    .map(({ epoch }) => epoch)
  world.close()
  assert.deepEqual(credited, epochs)
  const files = epochs.flatMap((epoch) =>
    ['root', 'anchor', 'final'].map((end) => `${epoch}.${end}`),
  )
  assert.deepEqual((await readdir(join(dataDir, 'receipts/read'))).toSorted(), files.toSorted())
  assert.deepEqual(await readdir(join(dataDir, 'receipts/temp')), [])
})
