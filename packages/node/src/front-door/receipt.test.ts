import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Receipt } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CID } from 'multiformats/cid'
import { issueReceipt } from '@turnpike/service/receipt'
import { quickened } from '../folder/quick-signer.ts'
import { nodeHasher } from '../hasher.ts'

const link = CID.parse('bafyreigk5lqactegmzhyghvgzt2icl2cpkqa3ilvnfl7uzpasxj3stalni')

test('receipts are to the byte what ucanto makes, by either signer', async () => {
  const slow = await ed25519.generate()
  const quick = quickened(ed25519.parse(ed25519.format(slow)))
  const outcomes = [
    { ok: {} },
    { ok: { bytes: 5, resource: link, none: null, list: [1, 'é', new Uint8Array([1])] } },
    { error: { name: 'Sorry', message: 'not so' } },
  ]
  for (const issuer of [quick, quick.withDID('did:web:gateway.example')])
    for (const result of outcomes) {
      const theirs = await Receipt.issue({
        issuer: issuer === quick ? slow : slow.withDID('did:web:gateway.example'),
        ran: link as never,
        result: result as never,
      })
      const deps = { issuer, hasher: nodeHasher }
      const ours = await issueReceipt(link.bytes, result as never, deps)
      assert.deepEqual(ours.receipt, new Uint8Array(theirs.root.bytes))
      assert.equal(String(CID.decode(ours.receiptCid)), String(theirs.root.cid))
    }
})
