import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listRoots } from '../catalog/roots.ts'
import { openFolder } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { scratch, stillClock } from '../testing/data-folder.ts'
import { addPaths } from './add.ts'
import { ownerContext } from './session.ts'

const RUNS = Number(process.env.TURNPIKE_KILL_RUNS ?? 3)
const options = { clock: stillClock, hasher: nodeHasher }

/** A child that adds `path` to the folder at `root` and is killed after `afterMs`. */
async function killedAdd(root: string, path: string, afterMs: number): Promise<void> {
  const module = (name: string): string => JSON.stringify(import.meta.resolve(name))
  const script = `
    import { openFolder } from ${module('../folder/open.ts')}
    import { nodeHasher as hasher } from ${module('../hasher.ts')}
    import { addPaths } from ${module('./add.ts')}
    import { ownerContext } from ${module('./session.ts')}
    const options = { clock: { nowMs: () => 0, monotonicMs: () => 0 }, hasher }
    const folder = (await openFolder(${JSON.stringify(root)}, options)).ok
    console.log('open')
    await addPaths(ownerContext(folder, options), [${JSON.stringify(path)}])
    console.log('added')
    await folder.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const gone = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), gone])
  await sleep(afterMs)
  child.kill('SIGKILL')
  await gone
}

/** Adds `path` in this process; tells the CID and what then lies in the store. */
async function addHere(root: string, path: string): Promise<{ cid: string; files: string[] }> {
  const folder = (await openFolder(root, options)).ok!
  const [stages, temps] = [folder.paths.stages, join(folder.paths.blobs, 'temps')]
  assert.deepEqual([readdirSync(stages), readdirSync(temps)], [[], []], 'no junk after open')
  const context = ownerContext(folder, options)
  const roots = listRoots(folder.catalog, context.space, 2)
  const added = (await addPaths(context, [path])).ok!
  assert.ok(roots.length === 0 || roots[0]!.cid === added.cid, 'all or nothing was visible')
  await folder.close()
  const files = readdirSync(folder.paths.blobs, { recursive: true, encoding: 'utf8' })
  return { cid: added.cid!, files: files.filter((name) => name.endsWith('.blob')).sort() }
}

test('an add that is killed at any moment leaves no trace in the next', async (t) => {
  const path = join(scratch(t), 'file')
  const parts = Array.from({ length: 12 }, (_, i) => {
    const part = Buffer.alloc(1024 * 1024)
    for (let at = 0; at < part.length; at += 32)
      createHash('sha256').update(`${i} ${at}`).digest().copy(part, at)
    return part
  })
  writeFileSync(path, Buffer.concat(parts))
  const undisturbed = await addHere(scratch(t), path)
  assert.equal(undisturbed.files.length, 4, 'leaves, interior nodes, and an index for each')
  for (let run = 0; run < RUNS; run++) {
    const afterMs = Math.random() * 150
    const root = scratch(t)
    await killedAdd(root, path, afterMs)
    assert.deepEqual(await addHere(root, path), undisturbed, `killed after ${afterMs} ms`)
  }
})
