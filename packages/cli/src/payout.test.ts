/**
 * `turnpike payout`, and what storage nodes need of the operator, as users have them.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readUcanArchive } from '@turnpike/core/ucan/archive'
import { nodeHasher } from '@turnpike/node/hasher'
import { newFolder, turnpike } from './testing/commands.ts'

const NODE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

test('a node that is listed has a statement, and gets leave to tell of its batches', async (t) => {
  const data = newFolder(t)
  await turnpike('add', import.meta.filename, '--data', data)
  const words = ['payout', '--data', data, '--provider', NODE, '--period', '2026-01']
  const unlisted = await turnpike(...words)
  assert.match(unlisted.stderr, /provider expected/)
  const nodes = ['--storage-nodes', `${NODE}=https://node.example`]
  const priced = [...nodes, '--payout-price-per-gib', '0.005 USD']
  const { json, stderr } = await turnpike(...words, ...priced, '--json')
  assert.deepEqual([json['provider'], json['bytes'], json['rows']], [NODE, 0, []], stderr)
  assert.deepEqual(json['amount'], { currency: 'USD', amount: '0.00', micros: 0 })
  const csv = await turnpike(...words, ...nodes, '--format', 'csv')
  assert.equal(csv.stdout.trim(), 'date,space,receipts,bytes,fetched_bytes,difference_bytes')

  const file = join(dirname(data), 'node.ucan')
  const leave = ['--can', 'space/egress/track', '--audience', NODE, '--output', file]
  const issued = await turnpike('delegate', 'operator', '--data', data, ...leave, '--json')
  assert.equal(issued.json['can'], 'space/egress/track', issued.stderr)
  const ucan = readUcanArchive(new Uint8Array(readFileSync(file)), nodeHasher).ok!.root
  assert.deepEqual([ucan.audience, ucan.capabilities[0]?.with], [NODE, ucan.issuer])
  const wrong = ['--can', 'space/blob/add', '--audience', NODE, '--output', file]
  assert.notEqual((await turnpike('delegate', 'operator', '--data', data, ...wrong)).code, 0)
})
