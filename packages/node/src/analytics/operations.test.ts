import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOf } from '@turnpike/accounting/testing/entries'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { RPC_EPOCHS_MAX } from '@turnpike/core/limits/read-receipts'
import { encodeExec, encodeFetch, encodeRead } from '@turnpike/core/log/encode'
import { DENY, type ExecEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import type { OpenedAccounting } from '../accounting/open.ts'
import { answerRpc } from '../admin/rpc.ts'
import { nodeHasher } from '../hasher.ts'
import { SqliteDomainIndex } from './domain-index.ts'
import { analyticsOperations } from './operations.ts'
import { rpcMethods } from './rpc-methods.ts'
import { FIRST, openPastLog, runJobs } from './testing/past-log.ts'

const A = 'a.example'

/** Of some answers; each has its own of these. */
interface Answer extends Readonly<Record<string, unknown>> {
  readonly epochs: readonly Readonly<Record<string, unknown>>[]
  readonly read: Readonly<Record<string, unknown>>
}

async function call({ operations }: OpenedAccounting, method: string, params: object) {
  const methods = rpcMethods(operations)
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: `gateway.${method}`, params })
  const answer = await answerRpc(body, { methods, onCrash: assert.fail })
  return JSON.parse(answer!) as { result: Answer; error?: { code: number; data: { name: string } } }
}

const read = (n: number, fields: Parameters<typeof readOf>[1] = {}): Uint8Array[] => [
  encodeRead(readOf(n, { domain: A, bytes: 10n, ts: (FIRST + n) * EPOCH_MS, ...fields })),
]
const denied = { deny: DENY.address, flags: 0, bytes: 0n, count: 7 }

test('reads of a domain are totals of final epochs, and a list of all', async (t) => {
  const epochs = [
    [read(0), read(1, { domain: 'b.example' })],
    [read(1), read(1, { bytes: 2n ** 53n - 1n })],
    [read(2, denied)],
  ]
  const accounting = await openPastLog(t, epochs)
  await runJobs(accounting, 'domain-index')
  const before = (await call(accounting, 'reads_since', { domain: A, epoch: 0 })).result
  assert.deepEqual(
    [before['reads_total'], before['finalized_through'], before['last_access_ts']],
    [0, null, null],
  )
  assert.deepEqual(
    before.epochs.map(({ epoch, state, reads, root }) => [epoch, state, reads, root]),
    [0, 1, 2].map((n) => [FIRST + n, 'pending', [1, 2, 0][n], null]),
  )
  await runJobs(accounting, 'epochs')
  const { epochs: rows, ...totals } = (
    await call(accounting, 'reads_since', { domain: 'A.example', epoch: FIRST + 1 })
  ).result
  assert.deepEqual(totals, {
    reads_total: 2,
    bytes_total: '9007199254741001',
    denied_total: 7,
    last_access_ts: (FIRST + 1) * EPOCH_MS,
    finalized_through: FIRST + 2,
    next_epoch: null,
  })
  assert.deepEqual(
    rows.map((row) => [row['state'], row['denied']]),
    [
      ['final', 0],
      ['final', 7],
    ],
  )
  assert.match(String(rows[0]!['root']), /^[A-Za-z0-9+/]{43}=$/)
})

test('the policy of a domain counts all reads, and a question changes nothing', async (t) => {
  const accounting = await openPastLog(t, [[read(0), read(3), read(1, denied)]])
  await runJobs(accounting, 'domain-index')
  const first = (await call(accounting, 'policy', { domain: A })).result
  assert.deepEqual(first, {
    record: null,
    owner: null,
    record_checked_ts: null,
    reads_total: 2,
    bytes_total: 20,
    denied_total: 7,
    last_access_ts: (FIRST + 3) * EPOCH_MS,
    as_of_index: 3,
  })
  await runJobs(accounting, 'domain-index')
  assert.deepEqual((await call(accounting, 'policy', { domain: A })).result, first)
  const nobody = (await call(accounting, 'policy', { domain: 'never.example' })).result
  assert.deepEqual([nobody['reads_total'], nobody['last_access_ts']], [0, null])
})

test('a receipt leads to its entry and what stands beside it, never to the id', async (t) => {
  const { id, ...asked } = readOf(5, { domain: A })
  const { domain, space, provider, region } = asked
  const exec: ExecEntry = {
    id: new Uint8Array(16).fill(9),
    ts: asked.ts,
    domain,
    space,
    provider,
    region,
    read: id,
    cpuUs: 12,
    diskReadBytes: 1n,
    diskWriteBytes: 2n,
    code: null,
    exit: 3,
  }
  const fetched = { id, provider: 'https://node.example', bytes: 5n, requests: 1, failed: 0 }
  const group = [encodeRead({ id, ...asked }), encodeExec(exec), encodeFetch(fetched)]
  const accounting = await openPastLog(t, [[read(0), group, read(1)], [read(2)]])
  await runJobs(accounting, 'receipt-index')
  const receipt = receiptIdOf(id, nodeHasher)
  const { result } = await call(accounting, 'receipt', { id: receipt.toUpperCase() })
  assert.deepEqual(
    [result['id'], result['index'], result['epoch'], result['state']],
    [receipt, 1, FIRST, 'pending'],
  )
  assert.deepEqual(
    [result.read['status'], result.read['bytes'], result.read['domain']],
    [200, 5, A],
  )
  assert.deepEqual(result['executions'], [
    { ts: asked.ts, cpu_us: 12, disk_read_bytes: 1, disk_write_bytes: 2, code: null, exit: 3 },
  ])
  const { id: _, ...shown } = fetched
  assert.deepEqual(result['fetches'], [{ ...shown, bytes: 5 }])
  assert.doesNotMatch(JSON.stringify(result), new RegExp(Buffer.from(id).toString('hex')))
  const none = await call(accounting, 'receipt', { id: '0'.repeat(32) })
  assert.deepEqual([none.error?.code, none.error?.data.name], [-32000, 'NoSuchRead'])
})

test('an epoch says its state, root and sums', async (t) => {
  const accounting = await openPastLog(t, [[read(0), read(1, denied)], [read(2)]])
  await runJobs(accounting, 'domain-index', 'epochs')
  const { result } = await call(accounting, 'epoch', { epoch: FIRST })
  assert.deepEqual(
    [result['state'], result['first'], result['end'], result['entries']],
    ['final', 0, 3, 3],
  )
  assert.deepEqual(
    [result['reads_total'], result['denied_total'], result['bytes_total']],
    [1, 7, 10],
  )
  assert.deepEqual(result['anchors'], [
    { anchor: 'local', state: 'final', proof: { kind: 'local' } },
  ])
  const none = await call(accounting, 'epoch', { epoch: 7 })
  assert.equal(none.error?.data.name, 'NoSuchEpoch')
})

test('questions that make no sense are refused', async (t) => {
  const accounting = await openPastLog(t, [])
  const wrong: [string, object][] = [
    ['policy', {}],
    ['policy', { domain: 'a'.repeat(513) }],
    ['policy', { domain: { nested: [1] } }],
    ['reads_since', { domain: A }],
    ['reads_since', { domain: A, epoch: -1 }],
    ['reads_since', { domain: A, epoch: 0.5 }],
    ['receipt', { id: 'z'.repeat(32) }],
    ['receipt', { id: '0'.repeat(31) }],
    ['epoch', { epoch: '7' }],
  ]
  for (const [method, params] of wrong) {
    const { error } = await call(accounting, method, params)
    assert.equal(error?.code, -32602, `${method} ${JSON.stringify(params)}`)
  }
  assert.equal((await call(accounting, 'policy', { domain: 'a'.repeat(512) })).error, undefined)
})

test('a list of epochs has a bound, and says where it goes on', async () => {
  const domains = new SqliteDomainIndex(':memory:')
  const counts = Array.from({ length: RPC_EPOCHS_MAX + 1 }, (_, epoch) => {
    return { epoch, domain: A, reads: 1, denied: 0, bytes: 1n, lastMs: 1 }
  })
  const kinds = { read: 1, exec: 0, ack: 0, seal: 0, void: 0, fetch: 0 }
  domains.add({ first: 0, end: 1, counts, kinds, tip: new Uint8Array(32) })
  const epochs = {
    get: () => undefined,
    progress: () => ({ finalThrough: RPC_EPOCHS_MAX }) as never,
  }
  const parts = { domains, epochs } as never
  const ask = analyticsOperations(parts).gatewayReadsSince
  const caller = { signal: new AbortController().signal, progress() {} }
  const page = (await ask({ domain: A, epoch: 0 }, caller)).ok as Answer
  assert.deepEqual(
    [page.epochs.length, page['next_epoch'], page['reads_total']],
    [RPC_EPOCHS_MAX, RPC_EPOCHS_MAX, RPC_EPOCHS_MAX + 1],
  )
  const rest = (await ask({ domain: A, epoch: page['next_epoch'] }, caller)).ok as Answer
  assert.deepEqual([rest.epochs.length, rest['next_epoch']], [1, null])
  domains.close()
})
