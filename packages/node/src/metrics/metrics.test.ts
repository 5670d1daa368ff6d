import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRIC_ORIGINS_MAX } from '@turnpike/core/limits'
import { DENY, READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { OriginFault } from '@turnpike/core/ports/blob'
import { createMetrics, type Sample } from './metrics.ts'
import { DURATION_BUCKETS_MS, OTHER_ORIGINS, Tally, sumSnapshots } from './tally.ts'

function read(change: Partial<ReadEntry> = {}): ReadEntry {
  return {
    id: new Uint8Array(16),
    ts: 2,
    started: 1,
    domain: 'localhost',
    space: 'did:key:alice',
    provider: 'did:key:gateway',
    region: 'local',
    cid: null,
    status: 200,
    bytes: 4096n,
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: DENY.none,
    count: 1,
    grade: 1,
    ...change,
  }
}

/** Samples of the text format, by name with labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }),
  )
}

test('what was observed by all processes is what the metrics say', async () => {
  const tallies = [new Tally(), new Tally()]
  for (const tally of tallies) {
    tally.read(read(), 3)
    tally.read(read({ status: 404, flags: READ_FLAGS.allowed, bytes: 10n }), 0.5)
    tally.read(read({ status: 429, deny: DENY.address, bytes: 0n, flags: 0, count: 7 }), 1)
    tally.read(read({ flags: READ_FLAGS.clientLeft | READ_FLAGS.fromCache, bytes: 5n }), 1e9)
    tally.cache('block', true)
    tally.cache('node', false)
    tally.originRequest('https://a.example')
    tally.originFault(new OriginFault('OriginTimeout', 'https://a.example', 'late'))
    tally.unrecorded()
    tally.crash()
    tally.service('receipt', 404)
  }
  const metrics = createMetrics({
    snapshots: () => tallies.map((tally) => tally.snapshot()),
    gauges: [{ name: 'turnpike_in_flight', help: 'Now', value: async () => 9 }],
  })
  await metrics.text()
  const samples = samplesOf(await metrics.text())
  const expected: Record<string, number> = {
    'turnpike_reads_total{status="2xx"}': 4,
    'turnpike_reads_total{status="4xx"}': 16,
    'turnpike_read_denied_total{reason="address"}': 14,
    'turnpike_read_denied_total{reason="payment"}': 0,
    turnpike_delivered_bytes_total: 2 * 4111,
    turnpike_delivered_content_bytes_total: 2 * 4096,
    turnpike_clients_left_total: 2,
    turnpike_reads_from_cache_total: 2,
    turnpike_unrecorded_total: 2,
    turnpike_crashes_total: 2,
    'turnpike_service_answers_total{route="receipt",status="4xx"}': 2,
    'turnpike_cache_requests_total{cache="block",result="hit"}': 2,
    'turnpike_cache_requests_total{cache="node",result="miss"}': 2,
    'turnpike_origin_requests_total{origin="https://a.example"}': 2,
    'turnpike_origin_faults_total{origin="https://a.example",fault="OriginTimeout"}': 2,
    'turnpike_read_duration_seconds_bucket{le="0.001"}': 4,
    'turnpike_read_duration_seconds_bucket{le="0.005"}': 6,
    'turnpike_read_duration_seconds_bucket{le="600"}': 6,
    'turnpike_read_duration_seconds_bucket{le="+Inf"}': 8,
    turnpike_read_duration_seconds_count: 8,
    turnpike_in_flight: 9,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name)
  assert.ok(samples.has('process_resident_memory_bytes'))
})

test('however many origins there are, so many have labels', () => {
  const tally = new Tally()
  for (let i = 0; i < METRIC_ORIGINS_MAX + 10; i++) tally.originRequest(`https://${i}.example`)
  tally.originRequest('__proto__')
  const { origins } = tally.snapshot()
  assert.equal(Object.keys(origins).length, METRIC_ORIGINS_MAX + 1)
  assert.equal(origins[OTHER_ORIGINS]!.requests, 11)
})

test('a duration at a bucket’s bound is in it, and sums leave their parts alone', () => {
  const tally = new Tally()
  for (const boundMs of DURATION_BUCKETS_MS) tally.read(read(), boundMs)
  const { durations } = tally.snapshot()
  assert.deepEqual(durations, [...DURATION_BUCKETS_MS.map(() => 1), 0])
  sumSnapshots([tally.snapshot(), tally.snapshot()])
  assert.deepEqual(tally.snapshot().durations, durations)
})

test('labelled sources say what they have now, and nothing of what is gone', async () => {
  let samples: Sample[] = [
    [{ region: 'eu', source: 'read' }, 7],
    [{ region: 'us', source: 'read' }, 1],
  ]
  const labels = ['source', 'region']
  const metrics = createMetrics({
    snapshots: () => [],
    gauges: [],
    labelled: [
      { kind: 'counter', name: 'paid_total', help: 'Paid', labels, samples: () => samples },
      { kind: 'gauge', name: 'owed', help: 'Owed', labels: [], samples: async () => [[{}, -2]] },
    ],
  })
  const before = await metrics.text()
  assert.match(before, /# TYPE paid_total counter/)
  assert.equal(samplesOf(before).get('paid_total{region="us",source="read"}'), 1)
  assert.equal(samplesOf(before).get('owed'), -2)
  samples = [[{ region: 'eu', source: 'read' }, 9]]
  const after = samplesOf(await metrics.text())
  assert.equal(after.get('paid_total{region="eu",source="read"}'), 9)
  assert.ok(![...after.keys()].some((key) => key.includes('"us"')))
})
