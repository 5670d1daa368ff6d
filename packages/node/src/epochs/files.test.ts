import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FolderEpochFiles } from './files.ts'

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-epoch-files-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'receipts')
}

test('files are there as they were put, in place of those before', async (t) => {
  const folder = await newFolder(t)
  const files = await FolderEpochFiles.open(folder)
  assert.deepEqual([await files.get('log.vkey'), await files.newestRoot()], [undefined, undefined])
  const put = (path: string, ...bytes: number[]) =>
    files.put([
      { path, bytes: Uint8Array.from(bytes) },
      { path: 'log.vkey', bytes: Uint8Array.of(1) },
    ])
  await put('read/99.root', 1, 2)
  await put('read/99.root', 3)
  await put('read/100.root', 4)
  await put('read/101.anchor', 5)
  assert.deepEqual(await files.get('read/99.root'), Uint8Array.of(3))
  assert.equal(await files.newestRoot(), 100, 'by number, and of roots alone')
  assert.deepEqual([await files.newestRoot(100), await files.newestRoot(99)], [99, undefined])
  assert.deepEqual((await readdir(folder)).toSorted(), ['log.vkey', 'read', 'temp'])
})

test('what a killed process was writing is removed, and counts for nothing', async (t) => {
  const folder = await newFolder(t)
  await FolderEpochFiles.open(folder)
  await writeFile(join(folder, 'temp/a.tmp'), 'half')
  await writeFile(join(folder, 'read/x.root'), 'other')
  const files = await FolderEpochFiles.open(folder)
  assert.deepEqual(await readdir(join(folder, 'temp')), [])
  assert.equal(await files.newestRoot(), undefined)
})

test('a file that cannot be written leaves the one before, and no temp', async (t) => {
  const folder = await newFolder(t)
  const files = await FolderEpochFiles.open(folder)
  const bytes = Uint8Array.of(1)
  await assert.rejects(files.put([{ path: 'read', bytes }]))
  assert.deepEqual(await readdir(join(folder, 'temp')), [])
})
