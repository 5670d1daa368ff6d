import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { fileBody } from './file-body.ts'

const { signal } = new AbortController()

test('a file is handed out by the chunk, and one that shrinks meanwhile fails', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-file-body-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'a')
  const bytes = randomBytes(2 * CHUNK_BYTES_MAX + 1)
  await writeFile(path, bytes)
  const body = fileBody(path, bytes.length)
  const chunks: Uint8Array[] = []
  const reader = body.open(signal)
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    chunks.push(chunk)
  assert.deepEqual(
    chunks.map(({ length }) => length),
    [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 1],
  )
  assert.ok(Buffer.concat(chunks).equals(bytes))
  const left = body.open(signal)
  left.close()
  assert.equal(await left.read(), null)
  await truncate(path, CHUNK_BYTES_MAX)
  const short = body.open(signal)
  assert.equal((await short.read())!.length, CHUNK_BYTES_MAX)
  await assert.rejects(async () => short.read(), /expected 524289 bytes/)
})
