/**
 * Receipts that somebody changed on their way.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgeReceipt, KeysUnavailable } from '@turnpike/accounting/payout/judge'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { DidUnresolved } from '@turnpike/core/ports/principals'
import { fail } from '@turnpike/core/result'
import { nodeVerifier } from '../names/verifier.ts'
import { makeParties, receiptOf } from './testing/batches.ts'
import { payoutRig } from './testing/rig.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 200)
const { signal } = new AbortController()

test('an archive of which any byte was changed counts for nothing', async (t) => {
  const { parties, deps } = await payoutRig(t)
  const { bytes } = await receiptOf(parties)
  const of = { node: parties.node.did(), trackedMs: Date.now(), isPatient: true, signal }
  assert.ok((await judgeReceipt(bytes, of, deps)).ok)
  const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) })
  await fc.assert(
    fc.asyncProperty(change, async ({ at, by }) => {
      const changed = bytes.slice()
      changed[at]! ^= by
      assert.ok((await judgeReceipt(changed, of, deps)).error)
    }),
    { numRuns: RUNS },
  )
})

test('any bytes at all are judged, and never throw', async (t) => {
  const { parties, deps } = await payoutRig(t)
  const of = { node: parties.node.did(), trackedMs: Date.now(), isPatient: true, signal }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const judged = await judgeReceipt(bytes, of, deps)
      assert.equal(judged.error?.name, 'ReceiptMalformed')
    }),
    { numRuns: RUNS },
  )
})

test('keys that can not be had now are waited for; those of clients not for ever', async (t) => {
  const { deps } = await payoutRig(t)
  const away = { resolve: (did: string) => fail(new DidUnresolved(did, 'unavailable', 'away')) }
  const checks = new SignatureChecks(nodeVerifier, away)
  const judged = async (isPatient: boolean, named: 'node' | 'client'): Promise<string> => {
    const parties = await makeParties()
    const web = parties[named].withDID('did:web:away.example')
    const all = { ...parties, [named]: web }
    const { bytes } = await receiptOf(all, named === 'client' ? { proofs: [] } : {})
    const of = { node: all.node.did(), trackedMs: Date.now(), isPatient, signal }
    const { error } = await judgeReceipt(bytes, of, { ...deps, checks, isKnown: () => true })
    return error instanceof KeysUnavailable ? 'wait' : String(error?.name)
  }
  assert.equal(await judged(true, 'node'), 'wait')
  assert.equal(await judged(false, 'node'), 'wait')
  assert.equal(await judged(true, 'client'), 'wait')
  assert.equal(await judged(false, 'client'), 'Unauthorized')
})
