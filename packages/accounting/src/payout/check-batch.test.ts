import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { CarFrame, CarMalformed } from '@turnpike/core/car/decode'
import { RECEIPT_ERRORS_MAX } from '@turnpike/core/limits/payout'
import { RAW } from '@turnpike/core/link'
import { ok, type Result } from '@turnpike/core/result'
import { checkBatch, type CheckDeps } from './check-batch.ts'

const deps = {
  hasher: { sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest() },
  pause: async () => {},
} as unknown as CheckDeps

const OF = {
  node: 'did:key:z6MkNode',
  trackedMs: 0,
  isPatient: true,
  signal: new AbortController().signal,
}

/** So many frames whose bytes have not the hash in their CID. */
async function* junk(count: number): AsyncGenerator<Result<CarFrame, CarMalformed>> {
  const link = { version: 1, codec: RAW, multihash: new Uint8Array([0x12, 0x20]) } as const
  const frame = { link, bytes: new Uint8Array(), offset: 0, frameOffset: 0 }
  for (let i = 0; i < count; i++) yield ok(frame)
}

test('a batch has so many receipts at most, of which so many refusals are listed', async () => {
  const few = { ...deps, receiptsMax: RECEIPT_ERRORS_MAX + 7 }
  const { ok: checked } = await checkBatch(junk(few.receiptsMax), OF, few)
  assert.equal(checked?.errors.length, RECEIPT_ERRORS_MAX)
  assert.equal(checked?.errorsLeftOff, 7)
  const { error } = await checkBatch(junk(few.receiptsMax + 1), OF, few)
  assert.equal(error?.name, 'BatchMalformed')
})

test('checking ends when accounting closes', async () => {
  const signal = AbortSignal.abort(new Error('closing'))
  await assert.rejects(checkBatch(junk(1), { ...OF, signal }, deps), /closing/)
})
