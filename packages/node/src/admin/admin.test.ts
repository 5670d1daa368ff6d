import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReportJson } from '@turnpike/core/billing/usage-json'
import { RPC_BODY_BYTES_MAX } from '@turnpike/core/limits/read-receipts'
import { AccountNotFound } from '@turnpike/core/ports/usage'
import { fail, ok } from '@turnpike/core/result'
import { namesUs } from './hosts.ts'
import { startAdmin, type AdminOptions } from './server.ts'
import { bearsToken, loadAdminToken } from './token.ts'
import { parseUsageQuery } from './usage-query.ts'

const token = 'correct-horse-battery-staple'
const bearer = { authorization: `Bearer ${token}` }

const SUMS = { reads: 1, bytes: 5, bytesDelivered: 5, bytesFetched: 0, bytesVoided: 0, errors: 0 }
const REPORT: ReportJson = {
  ...SUMS,
  denied: 0,
  egressBytes: 5,
  storageByteMs: '9223372036854775808',
  period: null,
  storedUntil: '2026-11-21T07:00:00.000Z',
  storedBytes: 7,
  asOfEntry: 1,
  complete: true,
}

interface Got {
  readonly status: number
  readonly body: string
}

async function serve(
  t: TestContext,
  options: Partial<AdminOptions> = {},
): Promise<
  (path: string, headers?: Record<string, string>, method?: string, body?: string) => Promise<Got>
> {
  const admin = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    hosts: ['admin.example'],
    token,
    metrics: { contentType: 'text/plain', text: async () => 'turnpike_reads_total 1\n' },
    unready: () => [],
    usage: async ({ by }) => ok({ ...REPORT, ...(by !== undefined && { by }) }),
    rpc: { 'say.back': async (params) => ok(params) },
    nowMs: () => 1_800_000_000_000,
    onCrash: (error) => assert.fail(String(error)),
    ...options,
  })
  t.after(() => admin.close())
  return (path, headers = {}, method = 'GET', body = '') =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: admin.port, path, headers, method },
        async (response) => {
          const parts = await response.toArray()
          resolve({ status: response.statusCode!, body: Buffer.concat(parts).toString() })
        },
      )
      sent.on('error', reject).end(body)
    })
}

test('probes need no token, everything else does', async (t) => {
  const get = await serve(t)
  assert.deepEqual(await get('/healthz'), { status: 200, body: 'ok\n' })
  assert.equal((await get('/readyz')).status, 200)
  for (const path of ['/metrics', '/usage', '/other']) {
    assert.equal((await get(path)).status, 401, path)
    assert.equal((await get(path, { authorization: 'Bearer wrong' })).status, 401, path)
  }
  assert.match((await get('/metrics', bearer)).body, /turnpike_reads_total 1/)
  assert.equal((await get('/other', bearer)).status, 404)
  assert.equal((await get('//', bearer)).status, 400)
  assert.equal((await get('/metrics', bearer, 'POST')).status, 405)
  assert.deepEqual(await get('/healthz', {}, 'HEAD'), { status: 200, body: '' })
})

test('a request under another name is refused, even to a probe', async (t) => {
  const get = await serve(t)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8081'])
    assert.equal((await get('/healthz', { host })).status, 421, host)
  for (const host of ['localhost', 'LOCALHOST:1', '[::1]:8081', 'admin.example:443'])
    assert.equal((await get('/healthz', { host })).status, 200, host)
  assert.equal(namesUs(undefined, []), false)
  assert.equal(namesUs('[fd00::1]:80', ['fd00::1']), true)
})

test('JSON-RPC is answered by POST, to whom has the token', async (t) => {
  const ask = await serve(t)
  const json = { ...bearer, 'content-type': 'application/json; charset=utf-8' }
  const call = '{"jsonrpc":"2.0","id":7,"method":"say.back","params":{"a":1}}'
  const { status, body } = await ask('/rpc', json, 'POST', call)
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(body), { jsonrpc: '2.0', id: 7, result: { a: 1 } })
  const { authorization: _, ...unnamed } = json
  assert.equal((await ask('/rpc', unnamed, 'POST', call)).status, 401)
  assert.equal((await ask('/rpc', json)).status, 405)
  assert.equal((await ask('/rpc', bearer, 'POST', call)).status, 415)
  const unasked = await ask('/rpc', json, 'POST', '{"jsonrpc":"2.0","method":"say.back"}')
  assert.deepEqual(unasked, { status: 204, body: '' })
  const largest = call.padEnd(RPC_BODY_BYTES_MAX)
  assert.equal((await ask('/rpc', json, 'POST', largest)).status, 200)
  assert.equal((await ask('/rpc', json, 'POST', `${largest} `)).status, 413)
})

test('not being ready says why', async (t) => {
  const get = await serve(t, { unready: async () => ['the journal has no room'] })
  const { status, body } = await get('/readyz')
  assert.equal(status, 503)
  assert.deepEqual(JSON.parse(body), { ready: false, reasons: ['the journal has no room'] })
})

test('usage answers questions, refuses nonsense, and says when it can not', async (t) => {
  const get = await serve(t)
  assert.deepEqual(JSON.parse((await get('/usage?by=day&since=24h', bearer)).body), {
    ...REPORT,
    by: 'day',
  })
  for (const query of [
    'by=moon',
    'since=yesterday',
    'sinse=1d',
    'period=2026-13',
    'period=2026-11&since=1d',
    'since=1d&until=2d',
    'customer=alice',
    'space=photos',
    'format=xml',
  ])
    assert.equal((await get(`/usage?${query}`, bearer)).status, 400, query)
  const stranger = await serve(t, { usage: async () => fail(new AccountNotFound('did:key:x')) })
  assert.equal((await stranger('/usage?customer=did:key:x', bearer)).status, 404)
  const broken = await serve(t, { usage: async () => fail(new Error('the clock jumped')) })
  const { status, body } = await broken('/usage', bearer)
  assert.equal(status, 503)
  assert.match(body, /the clock jumped/)
})

test('usage is CSV for who asks for it, by a word or by Accept', async (t) => {
  const get = await serve(t)
  const csv =
    'usage,from,to,egress_bytes,delivered_bytes,voided_bytes,storage_byte_ms,fetched_bytes,reads,' +
    'denied\r\ntotal,,,5,5,0,9223372036854775808,0,1,0\r\n'
  const accept = (types: string) => ({ ...bearer, accept: types })
  assert.equal((await get('/usage?format=csv', bearer)).body, csv)
  assert.equal((await get('/usage', accept('text/csv, */*;q=0.1'))).body, csv)
  for (const types of ['*/*', 'application/json', 'text/csv, application/json', 'text/html'])
    assert.match((await get('/usage', accept(types))).body, /^{/, types)
  assert.match((await get('/usage?format=json', accept('text/csv'))).body, /^{/)
})

test('a crash is told to the log and not to whoever asked', async (t) => {
  const crashes: unknown[] = []
  const get = await serve(t, {
    usage: () => Promise.reject(new TypeError('secret detail')),
    onCrash: (error) => crashes.push(error),
  })
  const { status, body } = await get('/usage', bearer)
  assert.equal(status, 500)
  assert.doesNotMatch(body, /secret/)
  assert.equal(crashes.length, 1)
})

test('the token is made once, for its owner only', async (t) => {
  const keys = mkdtempSync(join(tmpdir(), 'turnpike-admin-'))
  t.after(() => rmSync(keys, { recursive: true }))
  const made = await loadAdminToken(keys)
  assert.match(made, /^[\w-]{32}$/)
  assert.equal(await loadAdminToken(keys), made)
  if (process.platform !== 'win32')
    assert.equal(statSync(join(keys, 'admin-token')).mode & 0o777, 0o600)
  assert.equal(bearsToken(`bearer ${made}`, made), true)
  assert.equal(bearsToken(`Basic ${made}`, made), false)
  assert.equal(bearsToken(undefined, made), false)
})

test('since is a date, a time, or how long ago', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  const since = (text: string): number | undefined =>
    parseUsageQuery({ since: text }, now).ok?.sinceMs
  assert.equal(since('2026-11-20'), Date.parse('2026-11-20T00:00:00Z'))
  assert.equal(since('2026-11-20T10:30Z'), Date.parse('2026-11-20T10:30:00Z'))
  assert.equal(since('36h'), now - 36 * 3_600_000)
  assert.equal(since('2w'), now - 14 * 86_400_000)
  const november = parseUsageQuery({ period: '2026-11', customer: 'alice@example.com' }, now).ok
  assert.deepEqual(november, {
    sinceMs: Date.parse('2026-11-01T00:00:00Z'),
    untilMs: Date.parse('2026-12-01T00:00:00Z'),
    by: undefined,
    customer: 'did:mailto:example.com:alice',
    space: undefined,
  })
  for (const bad of ['', '1', '1y', '-1d', '2026-13-01', '999999w', '2026-11-20T10:30:00+'])
    assert.equal(parseUsageQuery({ since: bad }, now).error?.name, 'UsageQueryRefused', bad)
})
