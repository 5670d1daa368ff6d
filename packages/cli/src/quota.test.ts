/**
 * `turnpike quota`, `grant` and `balance` as their users have them.
 * @module
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

test('grants and payments are given once, and a quota says what is left', async (t) => {
  const data = newFolder(t)
  const plans = join(dirname(data), 'plans.json')
  const egress = { limit: 'hard', overagePricePerGib: '0.05' }
  const plan = {
    id: 'did:web:pre.example',
    name: 'Prepaid',
    currency: 'EUR',
    prepaid: true,
    egress,
  }
  writeFileSync(plans, JSON.stringify({ plans: [plan] }))
  const here = ['--data', data, '--plans', plans, '--json']
  const server = await running(t, ['serve', '--data', data, '--plans', plans])
  const alice = 'alice@example.com'
  await turnpike('customer', 'add', alice, '--plan', plan.id, ...here)

  const grant = ['grant', 'add', alice, '2 KiB', '--id', 'gift', '--priority', '3']
  const given = await turnpike(...grant, ...here)
  assert.deepEqual([given.json.added, given.json.bytes], [true, 2048], given.stderr)
  assert.equal((await turnpike(...grant, ...here)).json.added, false)
  const differs = await turnpike('grant', 'add', alice, '3 KiB', '--id', 'gift', ...here)
  assert.notEqual(differs.code, 0)
  assert.match(differs.stderr, /gift expected to be new/)

  const pay = ['balance', 'credit', alice, '0.05', 'EUR', '--source', 'bank', '--id', '7']
  assert.equal((await turnpike(...pay, ...here)).json.credited, true)
  assert.equal((await turnpike(...pay, ...here)).json.credited, false)
  assert.equal((await turnpike('balance', 'credit', alice, '5', 'EUR', ...here)).code, 2)
  const balance = await turnpike('balance', 'show', alice, ...here)
  assert.deepEqual(balance.json.balance, { amount: '0.05', currency: 'EUR' })

  const quota = await turnpike('quota', '--customer', alice, ...here)
  const { state, used, allowance, limit } = quota.json
  assert.deepEqual([state, used, allowance, limit], ['ok', 0, 2 ** 30 + 2048, 2 ** 30 + 2048])
  const all = await turnpike('quota', '--data', data)
  assert.match(all.stdout, /did:mailto:example\.com:alice is .*ok.* \(Prepaid, 20/)
  assert.match(all.stdout, /balance 0\.05 EUR/)
  assert.equal(await server.stop('SIGINT'), 0)

  const voided = await turnpike('grant', 'void', 'gift', ...here)
  assert.ok(voided.json.until, voided.stderr)
  const listed = await turnpike('grant', 'ls', alice, ...here)
  const [gift] = listed.json.grants as { readonly voided: string | null }[]
  assert.ok(gift!.voided)
  assert.notEqual((await turnpike('quota', '--customer', 'bob@example.com', ...here)).code, 0)
})
