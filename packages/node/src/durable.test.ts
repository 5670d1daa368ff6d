import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeDirectory, removeTemps, tempPath, writeFileDurable, writeSynced } from './durable.ts'

async function freshFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-durable-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('a file is replaced whole, and no temp stays', async (t) => {
  const folder = await freshFolder(t)
  const path = join(folder, 'file')
  await writeFileDurable(path, new Uint8Array([1, 2, 3]))
  await writeFileDurable(path, new Uint8Array([4]))
  assert.deepEqual(new Uint8Array(await readFile(path)), new Uint8Array([4]))
  assert.deepEqual(await readdir(folder), ['file'])
})

test('a write that fails leaves the old file and no temp', async (t) => {
  const folder = await freshFolder(t)
  const path = join(folder, 'file')
  await mkdir(path)
  await assert.rejects(writeFileDurable(path, new Uint8Array([1])))
  assert.deepEqual(await readdir(folder), ['file'])
  assert.ok((await stat(path)).isDirectory())
})

test('a new file never takes the place of another', async (t) => {
  const path = join(await freshFolder(t), 'file')
  await writeSynced(path, new Uint8Array([1]))
  await assert.rejects(writeSynced(path, new Uint8Array([2])), { code: 'EEXIST' })
})

test('directories are made with their parents, again at will', async (t) => {
  const path = join(await freshFolder(t), 'a', 'b', 'c')
  await makeDirectory(path)
  await makeDirectory(path)
  assert.ok((await stat(path)).isDirectory())
})

test('temps are removed, other files stay', async (t) => {
  const folder = await freshFolder(t)
  await writeFile(tempPath(folder), 'x')
  await writeFile(tempPath(folder), 'y')
  await writeFile(join(folder, 'kept'), 'z')
  assert.equal(await removeTemps(folder), 2)
  assert.deepEqual(await readdir(folder), ['kept'])
})
