import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openFolder } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { scratch, stillClock } from '../testing/data-folder.ts'
import { denyOperations } from './operations.ts'
import { showDenied, showDenyLog } from './store.ts'
import { denyGeneration, readTable } from './tables.ts'

const RUNS = Number(process.env.TURNPIKE_KILL_RUNS ?? 3)
const RULES = 10_000
const options = { clock: stillClock, hasher: nodeHasher }
const call = { signal: new AbortController().signal, progress() {} }

/** A child that imports `file` as list `l` into the folder at `root`; killed if told when. */
async function killedImport(root: string, file: string, afterMs?: number): Promise<void> {
  const module = (name: string): string => JSON.stringify(import.meta.resolve(name))
  const script = `
    import { openFolder } from ${module('../folder/open.ts')}
    import { nodeHasher as hasher } from ${module('../hasher.ts')}
    import { denyOperations } from ${module('./operations.ts')}
    const clock = { nowMs: () => 0, monotonicMs: () => 0 }
    const folder = (await openFolder(${JSON.stringify(root)}, { clock, hasher })).ok
    console.log('open')
    const params = { source: ${JSON.stringify(file)}, name: 'l', by: 'child' }
    const call = { signal: new AbortController().signal, progress() {} }
    await denyOperations(folder, clock).denyImport(params, call)
    console.log('done')
    await folder.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const gone = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), gone])
  if (afterMs !== undefined) {
    await sleep(afterMs)
    child.kill('SIGKILL')
  }
  await gone
}

function listFile(path: string, seed: string): string {
  const lines = Array.from({ length: RULES }, (_, i) => `//${hash('sha256', `${seed} ${i}`)}`)
  writeFileSync(path, lines.join('\n'))
  return path
}

test('an import that is killed at any moment leaves the old list or the new one', async (t) => {
  const folder = scratch(t)
  const [old, next] = ['old', 'new'].map((seed) => listFile(join(folder, `${seed}.deny`), seed))
  const outcomes = new Set<string>()
  for (let run = 0; run < RUNS; run++) {
    const root = join(folder, `data${run}`)
    const first = (await openFolder(root, options)).ok!
    const imported = denyOperations(first, stillClock)
    const done = await imported.denyImport({ source: old, name: 'l', by: 'test' }, call)
    assert.equal(done.error, undefined)
    await first.close()
    await killedImport(root, next!, run === 0 ? undefined : Math.random() * 200)
    const after = (await openFolder(root, options)).ok!
    const table = readTable(after.catalog, 'l')!
    const has = (seed: string): number =>
      Array.from({ length: RULES }, (_, i) => hash('sha256', `${seed} ${i}`, 'buffer')).filter(
        (digest) => table.effectOf('hashed', digest, '') !== 0,
      ).length
    const [hasOld, hasNew] = [has('old'), has('new')]
    const outcome = hasOld > 0 ? 'old' : 'new'
    outcomes.add(outcome)
    assert.deepEqual([hasOld, hasNew], outcome === 'old' ? [RULES, 0] : [0, RULES])
    const changes = outcome === 'old' ? 1 : 2
    assert.equal(showDenyLog(after.catalog).length, changes)
    assert.equal(denyGeneration(after.catalog), changes)
    assert.equal(showDenied(after.catalog).lists[0]!.rules, RULES)
    await after.close()
  }
  assert.ok(outcomes.has('new'), 'none was left to end')
})
