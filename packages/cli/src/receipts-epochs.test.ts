import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBilling } from '@turnpike/node/billing/database'
import { SqliteEpochStore } from '@turnpike/node/epochs/store'
import { sealedEpochs } from '@turnpike/node/epochs/testing/records'
import { newFolder, running, turnpike } from './testing/commands.ts'

test('receipts epochs lists hours with their states; resume forgets a conflict', async (t) => {
  const data = newFolder(t)
  const early = await turnpike('receipts', 'epochs', '--data', data)
  assert.equal(early.code, 3, early.stderr)
  const server = await running(t, ['serve', '--data', data])
  const none = await turnpike('receipts', 'epochs', '--data', data)
  assert.match(none.stdout, /: 0 final, 0 anchored, 0 batched\n$/)
  assert.equal(await server.stop('SIGINT'), 0)

  const billing = openBilling(`${data}/billing.sqlite`).ok!
  const log = { origin: 'x', logId: new Uint8Array(32), anchors: ['local'] }
  const epochs = new SqliteEpochStore(billing, log)
  epochs.batch(sealedEpochs(0, 30))
  epochs.intend('local', { epochs: [0, 1], bytes: new Uint8Array(0) })
  epochs.stand('local', [{ firstEpoch: 0, state: 'final', proof: { kind: 'local' } }])
  epochs.finalize(0, () => ({}))
  epochs.conflicted({ anchor: 'local', message: 'it has another root', sinceMs: 0 })
  billing.close()

  const last = await turnpike('receipts', 'epochs', '--data', data)
  assert.match(last.stdout, /: 1 final, 1 anchored, 28 batched\n {2}6 /)
  assert.match(last.stdout, /29 {2}1970-01-02 05:00 {2}batched {2}5 entries\n/)
  assert.match(last.stdout, /Nothing goes on since 1970-.*local: it has another root\n/)
  const { json } = await turnpike('receipts', 'epochs', '--from', '1', '--data', data, '--json')
  const [one] = json.epochs as readonly Record<string, unknown>[]
  assert.deepEqual([one!['epoch'], one!['state'], one!['end']], [1, 'anchored', 10])
  assert.deepEqual(json.counts, { batched: 28, anchored: 1, final: 1 })

  const wrong = await turnpike('receipts', 'epochs', '--from', 'x', '--data', data)
  assert.equal(wrong.code, 2, wrong.stderr)
  const resumed = await turnpike('receipts', 'resume', '--data', data)
  assert.match(resumed.stdout, /^Forgotten: it has another root\n/)
})
