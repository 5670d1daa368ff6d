import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, TRUNCATED_RESPONSE, type Answer } from 'dns-packet'
import fc from 'fast-check'
import { DNS_CNAMES_MAX, DNS_UDP_BYTES_MAX } from '@turnpike/core/limits/names'
import { nothing, reply, txt } from '../../testing/dns.ts'
import { readAnswer, TRUNCATED, writeQuery } from './message.ts'

const name = '_dnslink.example.org'
const query = writeQuery(7, name)
const cname = (from: string, to: string, ttl = 60): Answer => ({
  type: 'CNAME',
  name: from,
  ttl,
  data: to,
})
/** CNAMEs from the asked name to `n<count>`. */
const chain = (count: number): Answer[] =>
  Array.from({ length: count }, (_, i) => cname(i === 0 ? name : `n${i}`, `n${i + 1}`))

test('a query asks for TXT records, for recursion, and says how much it takes', () => {
  const { id, flag_rd, questions, additionals } = decode(Buffer.from(query.bytes))
  assert.deepEqual([id, flag_rd], [7, true])
  assert.deepEqual(questions, [{ name, type: 'TXT', class: 'IN' }])
  const [edns] = additionals as unknown as [{ type: string; udpPayloadSize: number }]
  assert.deepEqual([edns.type, edns.udpPayloadSize], ['OPT', DNS_UDP_BYTES_MAX])
})

test('records give their texts, strings joined, and the least TTL', () => {
  const answers = [...txt(name, 300, [['dns', 'link=/ipfs/ü'], 'b']), ...txt(name, 60, ['c'])]
  const expected = { kind: 'texts', texts: ['dnslink=/ipfs/ü', 'b', 'c'], ttlMs: 60_000 }
  assert.deepEqual(readAnswer(reply(query, { answers }), query), expected)
})

test('names in answers match whatever their case; records of other names count for nothing', () => {
  const answers = [...txt(name.toUpperCase(), 9, ['a']), ...txt('other.example', 1, ['b'])]
  const message = reply({ id: 7, name: name.toUpperCase() }, { answers })
  assert.deepEqual(readAnswer(message, query), { kind: 'texts', texts: ['a'], ttlMs: 9_000 })
})

test('CNAMEs are followed to the bound, and their TTLs count', () => {
  const answers = (count: number): Answer[] => [...chain(count), ...txt(`n${count}`, 300, ['a'])]
  const read = (count: number) => readAnswer(reply(query, { answers: answers(count) }), query)
  assert.deepEqual(read(DNS_CNAMES_MAX), { kind: 'texts', texts: ['a'], ttlMs: 60_000 })
  const beyond = read(DNS_CNAMES_MAX + 1)
  assert.ok(beyond !== TRUNCATED && beyond?.kind === 'failed' && /CNAMEs/.test(beyond.why))
})

test('CNAMEs in a circle end, and one that leads nowhere is no record', () => {
  const circle = [cname(name, 'b.example'), cname('b.example', name)]
  const read = readAnswer(reply(query, { answers: circle }), query)
  assert.ok(read !== TRUNCATED && read?.kind === 'failed' && /circle/.test(read.why))
  const nowhere = readAnswer(reply(query, { answers: [cname(name, 'b.example')] }), query)
  assert.deepEqual(nowhere, { kind: 'none', ttlMs: undefined })
})

test('nothing there lasts as its SOA says: the lesser of its TTL and its minimum', async () => {
  const test7 = { id: 7, name, by: 'udp', port: 1 } as const
  for (const [minimum, ttl, rcode, ttlMs] of [
    [60, 3600, 3, 60_000],
    [3600, 5, 0, 5_000],
  ] as const) {
    const [message] = await nothing(minimum, ttl, rcode)(test7)
    assert.deepEqual(readAnswer(message!, query), { kind: 'none', ttlMs })
  }
  assert.deepEqual(readAnswer(reply(query, { flags: 3 }), query), {
    kind: 'none',
    ttlMs: undefined,
  })
})

test('a TTL with its highest bit set is 0', () => {
  const answers = txt(name, 2 ** 31, ['a'])
  const read = readAnswer(reply(query, { answers }), query)
  assert.deepEqual(read, { kind: 'texts', texts: ['a'], ttlMs: 0 })
})

test('a server’s failure has its name, and what was cut says so', () => {
  assert.deepEqual(readAnswer(reply(query, { flags: 2 }), query), {
    kind: 'failed',
    why: 'SERVFAIL',
  })
  assert.deepEqual(readAnswer(reply(query, { flags: 5 }), query), {
    kind: 'failed',
    why: 'REFUSED',
  })
  assert.equal(readAnswer(reply(query, { flags: TRUNCATED_RESPONSE }), query), TRUNCATED)
})

test('another id, another question, a query and garbage are no answer', () => {
  const question = { type: 'TXT', name } as const
  for (const message of [
    reply({ id: 8, name }),
    reply({ id: 7, name: 'other.example' }),
    reply(query, { questions: [{ type: 'A', name }] }),
    reply(query, { questions: [{ ...question, class: 'CH' }] }),
    reply(query, { questions: [question, question] }),
    reply(query, { questions: [] }),
    query.bytes,
    new Uint8Array(),
    reply(query, { answers: txt(name, 1, ['a']) }).subarray(0, -1),
  ])
    assert.equal(readAnswer(message, query), undefined)
})

test('whatever the bytes, reading answers and never throws', () => {
  const answers = [...chain(2), ...txt('n2', 60, ['dnslink=/ipfs/a', ['b', 'c']])]
  const good = reply(query, { answers })
  assert.notEqual(readAnswer(good, query), undefined)
  const changed = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 })
    .map((edits) => {
      const bytes = Uint8Array.from(good)
      for (const [at, byte] of edits) bytes[at] = byte
      return bytes
    })
  const numRuns = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 2000)
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), changed), (bytes) => {
      const read = readAnswer(bytes, query)
      if (read !== undefined && read !== TRUNCATED && read.kind !== 'failed')
        assert.ok(read.ttlMs === undefined || read.ttlMs >= 0)
    }),
    { numRuns },
  )
})
