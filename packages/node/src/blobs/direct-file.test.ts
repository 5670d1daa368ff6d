import { DIRECT_BLOCK_BYTES, SPOOL_BATCH_BYTES } from '@turnpike/core/limits/store'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { nodeHasher } from '../hasher.ts'
import { DirectFile, type Opener } from './direct-file.ts'
import { blobPaths } from './paths.ts'
import { Slots } from './slots.ts'
import { openBlobStore } from './store.ts'

const run = promisify(execFile)
const SIZES = [0, 1, 4095, 4096, 4097, 65_537, 2 * 4096, SPOOL_BATCH_BYTES - 1, SPOOL_BATCH_BYTES]

async function scratch(t: TestContext, parent: string = tmpdir()): Promise<string> {
  const root = await mkdtemp(join(parent, 'turnpike-direct-'))
  t.after(() => rm(root, { recursive: true }))
  return root
}

/** Opens as a file system without direct I/O does: the file is made, then it is refused. */
const refusing: Opener = async (path, flags, mode) => {
  const handle = await open(path, flags & ~constants.O_DIRECT, mode)
  if ((flags & constants.O_DIRECT) === 0) return handle
  await handle.close()
  throw Object.assign(new Error('refused'), { code: 'EINVAL' })
}

/** Writes `bytes` in batches; says whether the file was direct to its end. */
async function write(path: string, bytes: Uint8Array, opener?: Opener): Promise<boolean> {
  const slots = new Slots()
  const file = await DirectFile.create(path, opener)
  for (let at = 0; at < bytes.length; at += SPOOL_BATCH_BYTES) {
    const slot = slots.take().fill(0xff)
    const part = bytes.subarray(at, at + SPOOL_BATCH_BYTES)
    slot.set(part)
    await file.write(slot, part.length, at)
  }
  const { isDirect } = file
  await file.finish()
  return isDirect
}

test('direct and buffered files are the same, whatever their size', async (t) => {
  const root = await scratch(t)
  for (const size of [...SIZES, SPOOL_BATCH_BYTES + 1, 2 * SPOOL_BATCH_BYTES + 4097]) {
    const bytes = randomBytes(size)
    await write(join(root, `${size}`), bytes)
    assert.equal(await write(join(root, `${size}-buffered`), bytes, refusing), false)
    for (const name of [`${size}`, `${size}-buffered`])
      assert.ok(bytes.equals(await readFile(join(root, name))), name)
  }
})

test('a file whose name is taken is refused, and left as it is', async (t) => {
  const path = join(await scratch(t), 'x')
  await write(path, Buffer.from('first'))
  await assert.rejects(DirectFile.create(path), { code: 'EEXIST' })
  assert.equal(await readFile(path, 'utf8'), 'first')
  await assert.rejects(DirectFile.create(join(path, 'x')), { code: 'ENOTDIR' })
})

test('a write that the file system refuses goes on buffered', async (t) => {
  const path = join(await scratch(t), 'x')
  const file = await DirectFile.create(path)
  const bytes = randomBytes(3 * DIRECT_BLOCK_BYTES)
  const slot = new Slots().take()
  slot.set(bytes.subarray(0, DIRECT_BLOCK_BYTES))
  await file.write(slot, DIRECT_BLOCK_BYTES, 0)
  const rest = new Uint8Array(2 * DIRECT_BLOCK_BYTES + 1).subarray(1)
  rest.set(bytes.subarray(DIRECT_BLOCK_BYTES))
  // Memory at an odd address: EINVAL, and by two writes at once.
  await Promise.all([
    file.write(rest, DIRECT_BLOCK_BYTES, DIRECT_BLOCK_BYTES),
    file.write(rest.subarray(DIRECT_BLOCK_BYTES), 5, 2 * DIRECT_BLOCK_BYTES),
  ])
  if (process.platform === 'linux') assert.equal(file.isDirect, false)
  await file.finish()
  assert.ok(bytes.subarray(0, 2 * DIRECT_BLOCK_BYTES + 5).equals(await readFile(path)))
})

test('an error that is no refusal is told, and the file can be closed twice', async (t) => {
  const failing: Opener = () => Promise.reject(Object.assign(new Error('x'), { code: 'EACCES' }))
  await assert.rejects(DirectFile.create('x', failing), { code: 'EACCES' })
  const file = await DirectFile.create(join(await scratch(t), 'x'))
  await file.close()
  await file.close()
  await assert.rejects(file.write(new Slots().take(), 1, 0), { code: 'EBADF' })
})

test('blobs are the same on tmpfs', { skip: !existsSync('/dev/shm') }, async (t) => {
  for (const root of [await scratch(t), await scratch(t, '/dev/shm')]) {
    const store = await openBlobStore({ root, hasher: nodeHasher, owner: true })
    for (const size of SIZES) {
      const bytes = randomBytes(size)
      const blob = (await store.putWhole(only(bytes))).ok!
      assert.deepEqual(blob.multihash.subarray(2), nodeHasher.sha256(bytes))
      assert.ok(bytes.equals(await readFile(blobPaths(root, blob.multihash)!.blob)))
    }
    await store.close()
  }
})

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Puts more into a store than its disk holds, then what it holds, and says what is left. */
const CHILD = `
import { openBlobStore } from '${new URL('./store.ts', import.meta.url)}'
import { nodeHasher } from '${new URL('../hasher.ts', import.meta.url)}'
import { readdirSync } from 'node:fs'
const root = process.argv[1]
const store = await openBlobStore({ root, hasher: nodeHasher, owner: true })
const put = (bytes) => store.putWhole((async function* () { yield new Uint8Array(bytes) })())
const { error } = await put(20_000_000)
console.log(error?.name, readdirSync(root, { recursive: true }).join(), !!(await put(999_999)).ok)
await store.close()`

test('a full disk refuses the blob, leaves nothing, and takes what fits', async (t) => {
  const root = await scratch(t)
  const mount = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=8m x "$0" && exec "$@"', root]
  try {
    await run('unshare', [...mount, 'true'])
  } catch {
    return t.skip('needs unshare(1) and user namespaces to mount a small disk')
  }
  const child = [process.execPath, '--input-type=module', '-e', CHILD, root]
  const { stdout } = await run('unshare', [...mount, ...child])
  assert.equal(stdout, 'StoreFull temps true\n')
})
