/**
 * Starts on a data folder of which one database is damaged.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSettings } from '../config/load.ts'
import { testFolder } from '../testing/deployment.ts'
import { startDeployment } from './deployment.ts'

let folder: Awaited<ReturnType<typeof testFolder>>
let data: string
let logFile: string

before(async () => {
  folder = await testFolder()
  data = join(folder.path, 'data')
  logFile = join(folder.path, 'turnpike.log')
  await startAndStop()
})
after(() => folder.remove())

/** What the start failed with, if it did. */
async function startAndStop(): Promise<Error | undefined> {
  const journals = { journalFileBytes: 2 << 20, journalReserveBytes: 1 << 20 }
  const defaults = { port: 0, adminPort: 0, logFile, logLevel: 'warn' as const, ...journals }
  const loaded = loadSettings({ flags: { data }, env: {}, defaults })
  assert.ok(loaded.ok, loaded.error?.message)
  const started = await startDeployment(loaded.ok)
  await started.ok?.close()
  return started.error
}

/** Garbage in place of a file, or of all but its header. */
function damaged(whole: Buffer, from: number): Buffer {
  return Buffer.concat([whole.subarray(0, from), Buffer.alloc(whole.length - from, 'garbage ')])
}

const HEADER_BYTES = 100

// Both kinds of damage for each way in which files are opened; a start takes half a second.
for (const [name, froms, todo] of [
  ['ledger.sqlite', [0, HEADER_BYTES], /: delete it, it is counted again from the log$/],
  ['inbox.sqlite', [0], /: restore the data folder from a backup/],
  ['billing.sqlite', [HEADER_BYTES], /: restore the data folder from a backup/],
  ['turnpike.sqlite', [0, HEADER_BYTES], /: restore the data folder from a backup/],
] as const)
  test(`a start with a damaged ${name} says so, and what to do, and nothing else`, async () => {
    const path = join(data, name)
    const whole = readFileSync(path)
    for (const from of froms) {
      writeFileSync(path, damaged(whole, from))
      const error = await startAndStop()
      assert.ok(error, 'it started')
      assert.ok(error.message.startsWith(`${path} expected a whole SQLite database, is damaged`))
      assert.match(error.message, todo)
      for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    }
    // Threads that end say so late.
    await sleep(200)
    assert.equal(readFileSync(logFile, 'utf8'), '')
    writeFileSync(path, whole)
  })

test('a ledger that was deleted is counted again', async () => {
  rmSync(join(data, 'ledger.sqlite'))
  assert.equal(await startAndStop(), undefined)
})
