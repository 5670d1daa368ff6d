import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  globSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { BLOCK_BYTES_MAX } from '@turnpike/core/limits'
import { CAR, RAW, linkToString } from '@turnpike/core/link'
import { startDeployment, testFolder } from '../testing/deployment.ts'

/** The largest blob of a data folder: the shard of what was added. */
function shardOf(data: string): { path: string; bytes: Buffer; multihash: Uint8Array } {
  const paths = globSync(join(data, 'blobs/*/*/*.blob'))
  const shards = paths.map((path) => ({ path, bytes: readFileSync(path) }))
  const { path, bytes } = shards.sort((a, b) => b.bytes.length - a.bytes.length)[0]!
  return { path, bytes, multihash: Buffer.from(basename(path, '.blob'), 'hex') }
}

function flipBit(path: string, position: number): void {
  const file = openSync(path, 'r+')
  const byte = new Uint8Array(1)
  readSync(file, byte, 0, 1, position)
  byte[0]! ^= 4
  writeSync(file, byte, 0, 1, position)
  closeSync(file)
}

/** Body of a response as far as it came, and whether it broke off. */
async function bodyOf(response: Response): Promise<{ bytes: Buffer; broken: boolean }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body!) chunks.push(chunk)
  } catch {
    return { bytes: Buffer.concat(chunks), broken: true }
  }
  return { bytes: Buffer.concat(chunks), broken: false }
}

test('a shard is served by its own CID, in ranges, and never with a wrong bit', async (t) => {
  const folder = await testFolder()
  const data = join(folder.path, 'data')
  const deployment = await startDeployment(data)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  const file = join(folder.path, 'content.bin')
  writeFileSync(file, randomBytes(3 * BLOCK_BYTES_MAX))
  await deployment.add([file])
  const { path, bytes, multihash } = shardOf(data)
  assert.ok(bytes.length > 3 * BLOCK_BYTES_MAX)
  const urlOf = (codec: number): string =>
    `${deployment.url}/ipfs/${linkToString({ version: 1, codec, multihash })}`
  for (const url of [`${urlOf(CAR)}?format=raw`, urlOf(RAW), `${urlOf(RAW)}?format=raw`]) {
    const head = await fetch(url, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), String(bytes.length))
    const whole = await fetch(url)
    assert.equal(whole.status, 200)
    assert.ok(bytes.equals(Buffer.from(await whole.arrayBuffer())))
    for (const [first, last] of [
      [0, 0],
      [1, 300_000],
      [BLOCK_BYTES_MAX - 1, BLOCK_BYTES_MAX],
      [bytes.length - 1, bytes.length - 1],
    ] as const) {
      const part = await fetch(url, { headers: { range: `bytes=${first}-${last}` } })
      assert.equal(part.status, 206)
      const got = Buffer.from(await part.arrayBuffer())
      assert.ok(bytes.subarray(first, last + 1).equals(got), `${first}-${last}`)
    }
  }
  const url = `${urlOf(CAR)}?format=raw`
  flipBit(path, bytes.length - 1000)
  const broken = await bodyOf(await fetch(url))
  assert.ok(broken.broken && bytes.subarray(0, broken.bytes.length).equals(broken.bytes))
  const last = await fetch(url, { headers: { range: 'bytes=-10' } })
  assert.equal(last.status, 502)
  const sound = await fetch(url, { headers: { range: 'bytes=0-99' } })
  assert.ok(bytes.subarray(0, 100).equals(Buffer.from(await sound.arrayBuffer())))
  assert.deepEqual(deployment.crashes, [])
})
