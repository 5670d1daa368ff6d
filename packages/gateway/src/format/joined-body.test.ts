import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '@turnpike/core/bytes'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { HeldBlock } from '../blocks/block-item.ts'
import { noise } from '../testing/blocks.ts'
import { JoinedReader } from './joined-body.ts'

/** Pieces of some sizes, and which of them are held; bytes that were given back are spoiled. */
function piecesOf(sizes: readonly number[]) {
  const held = new Set<number>()
  const content = sizes.map((sizeBytes, i) => noise(sizeBytes, i))
  let next = 0
  const source = {
    async next(): Promise<HeldBlock | undefined> {
      assert.equal(held.size, 0, 'a piece is released before the next is asked for')
      const index = next++
      const bytes = content[index]?.slice()
      if (bytes === undefined) return undefined
      held.add(index)
      const release = (): void => {
        assert.ok(held.delete(index), 'released once')
        bytes.fill(0xff)
      }
      return { bytes, release }
    },
    close(): void {},
  }
  return { source, held, content: concatBytes(content) }
}

const size = fc.oneof(
  fc.nat(300),
  fc.constantFrom(CHUNK_BYTES_MAX / 4, CHUNK_BYTES_MAX / 4 + 1, CHUNK_BYTES_MAX),
  fc.nat(3 * CHUNK_BYTES_MAX),
)

test('whatever the sizes of pieces, all bytes come in chunks up to the bound', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 8 }), fc.nat(20), async (sizes, readsMax) => {
      const { source, held, content } = piecesOf(sizes)
      const reader = new JoinedReader(source)
      const chunks: Uint8Array[] = []
      let ended = false
      while (chunks.length < readsMax && !ended) {
        const chunk = await reader.read()
        ended = chunk === null
        if (chunk === null) continue
        assert.ok(chunk.length > 0 && chunk.length <= CHUNK_BYTES_MAX)
        chunks.push(chunk.slice())
      }
      const got = concatBytes(chunks)
      assert.ok(Buffer.compare(got, content.subarray(0, got.length)) === 0)
      if (ended) assert.equal(got.length, content.length)
      reader.close()
      reader.close()
      assert.equal(held.size, 0)
    }),
    { numRuns: 200 },
  )
})

test('small pieces are joined, a large one is sent from where it lies', async () => {
  const reader = new JoinedReader(piecesOf([100, 200, 2 * CHUNK_BYTES_MAX, 5]).source)
  const sizes: number[] = []
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    sizes.push(chunk.length)
  assert.deepEqual(sizes, [300, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 5])
})
