import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RECEIPT_ERRORS_MAX } from '@turnpike/core/limits/payout'
import type { CheckedBatch, ProvenRetrieval, ReceiptError } from '@turnpike/core/ports/payouts'
import { consolidationOf } from './outcome.ts'

const proven = (task: number, bytes: number): ProvenRetrieval => {
  const receipt = new Uint8Array([task])
  return { task: receipt, receipt, space: 'did:key:a', bytes, servedMs: 0 }
}

const error = (of: number): ReceiptError => {
  return { name: 'ReceiptFailed', message: 'failed', receipt: new Uint8Array([of]) }
}

function checked(fields: Partial<CheckedBatch>): CheckedBatch {
  return { proven: [], errors: [], errorsLeftOff: 0, ...fields }
}

/** Tells each task once that it is new. */
function once(): (task: Uint8Array) => boolean {
  const seen = new Set<number>()
  return ([task]) => seen.size < seen.add(task!).size
}

test('over any batches, each retrieval counts once, and all others are errors', () => {
  const retrievals = fc.array(fc.tuple(fc.nat(20), fc.nat(1000)), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(retrievals, { maxLength: 5 }), (batches) => {
      const isNew = once()
      const bytesOf = new Map<number, number>()
      let total = 0
      for (const batch of batches) {
        const { outcome, counted } = consolidationOf(
          checked({ proven: batch.map(([task, bytes]) => proven(task, bytes)) }),
          isNew,
        )
        assert.ok('ok' in outcome)
        assert.equal(outcome.ok.errors.length, batch.length - counted.length)
        total += Number(outcome.ok.totalEgress)
        for (const [task, bytes] of batch) bytesOf.set(task, bytesOf.get(task) ?? bytes)
      }
      assert.equal(
        total,
        [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0),
      )
    }),
  )
})

test(`at most ${RECEIPT_ERRORS_MAX} errors are listed, and then how many more there were`, () => {
  const errors = Array.from({ length: RECEIPT_ERRORS_MAX }, (_, i) => error(i % 256))
  const listed = (batch: CheckedBatch): readonly ReceiptError[] => {
    const { outcome } = consolidationOf(batch, () => false)
    return 'ok' in outcome ? outcome.ok.errors : []
  }
  assert.equal(listed(checked({ errors })).length, RECEIPT_ERRORS_MAX)
  const more = listed(checked({ errors, errorsLeftOff: 4, proven: [proven(1, 1)] }))
  assert.equal(more.length, RECEIPT_ERRORS_MAX + 1)
  assert.equal(more.at(-1)?.name, 'ErrorsLeftOff')
  assert.match(more.at(-1)!.message, /^5 more/)
})

test('a total beyond 2^53 keeps all its digits', () => {
  const huge = Array.from({ length: 3 }, (_, i) => proven(i, Number.MAX_SAFE_INTEGER))
  const { outcome } = consolidationOf(checked({ proven: huge }), () => true)
  assert.ok('ok' in outcome)
  assert.equal(outcome.ok.totalEgress, 3n * BigInt(Number.MAX_SAFE_INTEGER))
})
