import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { base64 } from 'multiformats/bases/base64'
import { AGENT_HEADER_MESSAGE_BYTES_MAX } from '../limits/ucan.ts'
import { packAgentHeader, unpackAgentHeader } from './header.ts'

test('what is packed comes out as it was', async () => {
  const bytes = fc.uint8Array({ maxLength: 2048 })
  await fc.assert(
    fc.asyncProperty(bytes, async (car) => {
      const packed = await packAgentHeader(car)
      assert.deepEqual((await unpackAgentHeader(packed.ok!)).ok, car)
    }),
    { numRuns: 50 },
  )
})

test('what would be too long is not packed', async () => {
  const random = crypto.getRandomValues(new Uint8Array(4000))
  assert.equal((await packAgentHeader(random)).error?.name, 'AgentHeaderTooLong')
})

test('no more is unpacked than the bound', async () => {
  const field = (length: number): string => base64.encode(gzipSync(new Uint8Array(length)))
  const atBound = await unpackAgentHeader(field(AGENT_HEADER_MESSAGE_BYTES_MAX))
  assert.equal(atBound.ok?.length, AGENT_HEADER_MESSAGE_BYTES_MAX)
  const above = await unpackAgentHeader(field(AGENT_HEADER_MESSAGE_BYTES_MAX + 1))
  assert.equal(above.error?.name, 'AgentHeaderMalformed')
})

test('what is cut short, goes on, or is no gzip is refused', async () => {
  const packed = gzipSync('message')
  const broken = [
    packed.subarray(0, -1),
    Buffer.concat([packed, Buffer.from('x')]),
    Buffer.from('x'),
  ]
  for (const bytes of broken)
    assert.equal(
      (await unpackAgentHeader(base64.encode(bytes))).error?.name,
      'AgentHeaderMalformed',
    )
})
