import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SPOOL_BATCH_BYTES } from '@turnpike/core/limits/store'
import { LEAF_FRAME_BYTES_MAX } from '@turnpike/core/unixfs/leaf'
import { Slots } from '../blobs/slots.ts'
import { scratch } from '../testing/data-folder.ts'
import { FileReader, openFile } from './read-file.ts'

test('a chunk with a frame around it is itself, whatever buffer it lies in', async (t) => {
  const path = join(scratch(t), 'file')
  const content = Uint8Array.from({ length: 700_000 }, (_, i) => i % 253)
  writeFileSync(path, content)
  const before = new Uint8Array(LEAF_FRAME_BYTES_MAX).fill(254)
  const after = new Uint8Array(LEAF_FRAME_BYTES_MAX).fill(255)
  for (const chunkBytes of [5, 262_144, 1_048_576, SPOOL_BATCH_BYTES]) {
    const reader = new FileReader(chunkBytes, new Slots())
    const file = openFile(path)
    let at = 0
    for await (const chunk of reader.chunks(file)) {
      const whole = Buffer.from(reader.around(chunk, { before, after }))
      const expected = content.subarray(at, at + chunk.length)
      assert.ok(whole.equals(Buffer.concat([before, expected, after])))
      assert.equal(
        reader.around(chunk, { before: chunk.subarray(0, 0), after: new Uint8Array() }),
        chunk,
      )
      at += chunk.length
      if (chunkBytes === 5 && at > 1000) break
    }
    file.close()
    reader.close()
    const long = new Uint8Array(LEAF_FRAME_BYTES_MAX + 1)
    assert.throws(() => reader.around(content, { before: long, after }), RangeError)
    assert.throws(() => reader.around(content, { before, after: long }), RangeError)
  }
})
