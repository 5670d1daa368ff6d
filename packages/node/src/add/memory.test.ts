import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { scratch } from '../testing/data-folder.ts'

const run = promisify(execFile)
const FILE_MIB = Number(process.env.TURNPIKE_ADD_FILE_MIB ?? 64)
const FOLDER_FILES = Number(process.env.TURNPIKE_ADD_FILES ?? 3000)
const RSS_MIB_MAX = 256

/** Most memory that a process of its own took to add `path`, in MiB. */
async function peakMib(root: string, path: string): Promise<number> {
  const module = (name: string): string => JSON.stringify(import.meta.resolve(name))
  const script = `
    import { boundHeap } from ${module('./heap.ts')}
    import { openFolder } from ${module('../folder/open.ts')}
    import { nodeHasher as hasher } from ${module('../hasher.ts')}
    import { addPaths } from ${module('./add.ts')}
    import { ownerContext } from ${module('./session.ts')}
    boundHeap()
    const options = { clock: { nowMs: () => 0, monotonicMs: () => 0 }, hasher }
    const folder = (await openFolder(${JSON.stringify(root)}, options)).ok
    const added = await addPaths(ownerContext(folder, options), [${JSON.stringify(path)}])
    if (added.error) throw added.error
    await folder.close()
    console.log(process.resourceUsage().maxRSS / 1024)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
  return Number(stdout)
}

test(`adding a file of ${FILE_MIB} MiB stays within ${RSS_MIB_MAX} MiB`, async (t) => {
  const root = scratch(t)
  const path = join(root, 'file')
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < FILE_MIB; i++) writeSync(file, randomFillSync(chunk))
  closeSync(file)
  const peak = await peakMib(join(root, 'data'), path)
  assert.ok(peak <= RSS_MIB_MAX, `took ${peak} MiB`)
})

test(`adding a folder of ${FOLDER_FILES} files stays within ${RSS_MIB_MAX} MiB`, async (t) => {
  const root = scratch(t)
  const path = join(root, 'folder')
  mkdirSync(path)
  for (let i = 0; i < FOLDER_FILES; i++) writeFileSync(join(path, `file-${i}`), `content of ${i}`)
  const peak = await peakMib(join(root, 'data'), path)
  assert.ok(peak <= RSS_MIB_MAX, `took ${peak} MiB`)
})
