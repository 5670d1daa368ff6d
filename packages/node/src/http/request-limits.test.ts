import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Refusals } from '@turnpike/gateway/admission/refusals'
import {
  RequestLimits,
  type RequestLimitsOptions,
} from '@turnpike/gateway/admission/request-limits'
import { TokenBuckets } from '@turnpike/gateway/admission/token-buckets'
import { silentObserver } from '@turnpike/gateway/observer'
import { decodeEntry } from '@turnpike/core/log/decode'
import { DENY, type ReadEntry } from '@turnpike/core/log/entry'
import { nodeHasher } from '../hasher.ts'
import { nodeClock, nodeRandom, nodeTimer } from '../runtime.ts'
import { chunks, get, rawClient, rawRead, rawRequest, rigGateway, until, untilLeft } from './rig.ts'
import type { RigGateway } from './rig.ts'
import { startHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const CLOSE = 'Connection: close'

/** Buckets that hold so much, and fill by one a minute. */
function buckets(burstTokens: number): TokenBuckets {
  return new TokenBuckets({ clock: nodeClock, tokensPerMinute: 1, burstTokens, keysMax: 10 })
}

interface Limited {
  readonly server: HttpServer
  readonly refusals: Refusals
  readonly reads: ReadEntry[]
}

/** A server with limits, and the entries of what they refused. */
async function serve(
  context: TestContext,
  gateway: RigGateway,
  limits: Partial<RequestLimitsOptions>,
  options: Partial<HttpServerOptions> = {},
): Promise<Limited> {
  const reads: ReadEntry[] = []
  const end = (entries: readonly Uint8Array[]): void => {
    for (const bytes of entries) {
      const { ok } = decodeEntry(bytes)
      if (ok?.kind === 'read') reads.push(ok.entry)
    }
  }
  const refusals = new Refusals({
    journal: { admit: () => ({ start() {}, mark() {}, end }) },
    observer: silentObserver,
    clock: nodeClock,
    timer: nodeTimer,
    random: nodeRandom,
    hasher: nodeHasher,
    provider: 'did:key:gateway',
    region: 'test',
  })
  const { observer } = gateway
  const server = await startHttpServer({
    gateway,
    observer,
    port: 0,
    limits: new RequestLimits({ refusals, ...limits }),
    ...options,
  })
  context.after(async () => {
    await server.close({ graceMs: 0 })
    refusals.close()
  })
  return { server, refusals, reads }
}

test('as many requests as allowed are answered at once, and no more', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const { server, refusals, reads } = await serve(t, gateway, { requestsMax: 2 })
  const clients = [rawClient(server.port, get('/')), rawClient(server.port, get('/'))]
  await until(() => server.stats().inFlight === 2, 'the requests')
  for (let i = 0; i < 5; i++) {
    const answer = await rawRequest(server.port, get('/', CLOSE))
    assert.match(answer.head, /^HTTP\/1\.1 429 Too Many Requests\r\n/)
    assert.match(answer.head, /\r\nRetry-After: 60\r\n/)
    assert.match(answer.head, /\r\nCache-Control: no-store\r\n/)
    assert.match(answer.body, /^too many requests at once/)
  }
  assert.equal(gateway.records.length, 2)
  refusals.flush()
  assert.deepEqual(
    reads.map(({ deny, count, status }) => [deny, count, status]),
    [[DENY.policy, 5, 429]],
  )
  clients[0]!.destroy()
  await until(() => server.stats().inFlight === 1, 'the end of one')
  const third = rawClient(server.port, get('/'))
  await until(() => gateway.records.length === 3, 'room for another')
  for (const client of [clients[1]!, third]) client.destroy()
})

test('a refusal keeps the connection, for HEAD as for GET', async (t) => {
  const gateway = rigGateway(() => chunks(5, 5))
  const { server } = await serve(t, gateway, { addresses: buckets(1) })
  const client = rawClient(server.port, get('/'))
  await once(client, 'data')
  client.write(get('/').replace('GET', 'HEAD') + get('/', CLOSE))
  const { text } = await rawRead(client)
  assert.equal(text.split('HTTP/1.1 429').length - 1, 2)
  assert.equal(text.split('too many requests from this address').length - 1, 1)
  assert.equal(gateway.records.length, 1)
})

test('an address gets what its bucket holds, whoever else asks', async (t) => {
  const gateway = rigGateway(() => chunks(5, 5))
  const { server, refusals, reads } = await serve(t, gateway, { addresses: buckets(3) })
  const ask = async (forwarded: string): Promise<string> => {
    const request = get('/', `X-Forwarded-For: ${forwarded}`, CLOSE)
    return (await rawRequest(server.port, request)).head.slice(9, 12)
  }
  const statuses = async (times: number, forwarded: string): Promise<string> => {
    const got: string[] = []
    for (let i = 0; i < times; i++) got.push(await ask(forwarded))
    return got.join(' ')
  }
  assert.equal(await statuses(5, '192.0.2.1'), '200 200 200 429 429')
  assert.equal(await statuses(1, '192.0.2.2'), '200')
  assert.equal(await statuses(1, '6.6.6.6, 192.0.2.1'), '429', 'what a client makes up')
  assert.equal(await statuses(3, '2001:db8::1'), '200 200 200')
  assert.equal(await statuses(1, '2001:db8::ffff:0:0:2'), '429', 'one network')
  assert.equal(await statuses(1, '2001:db8:0:1::1'), '200')
  refusals.flush()
  assert.deepEqual(
    reads.map(({ deny, count }) => [deny, count]),
    [[DENY.address, 4]],
  )
})

test('a request waits until its address is looked at, and its client may leave', async (t) => {
  const gateway = rigGateway(() => chunks(5, 5))
  const waiting: ((waitMs: number) => void)[] = []
  const take = (): Promise<number> => new Promise((resolve) => waiting.push(resolve))
  const { server } = await serve(t, gateway, { addresses: { take } })
  const answers = [0, 61_001].map(() => rawRequest(server.port, get('/', CLOSE)))
  await until(() => waiting.length === 2, 'the requests')
  assert.equal(gateway.records.length, 0)
  waiting[0]!(0)
  waiting[1]!(61_001)
  const heads = (await Promise.all(answers)).map(({ head }) => head.slice(9, 12))
  assert.deepEqual(heads.toSorted(), ['200', '429'])
  const client = rawClient(server.port, get('/'))
  await until(() => waiting.length === 3, 'another')
  client.resetAndDestroy()
  await until(() => server.stats().connections === 0, 'it to leave')
  waiting[2]!(0)
  await until(() => server.stats().inFlight === 0, 'the end')
})

test('an address that no trusted proxy told is not believed', async (t) => {
  const gateway = rigGateway(() => chunks(5, 5))
  const limits = { addresses: buckets(1) }
  const { server } = await serve(t, gateway, limits, { trustedProxies: ['none'] })
  const first = await rawRequest(server.port, get('/', 'X-Forwarded-For: 192.0.2.1', CLOSE))
  const second = await rawRequest(server.port, get('/', 'X-Forwarded-For: 192.0.2.2', CLOSE))
  assert.deepEqual([first.head.slice(9, 12), second.head.slice(9, 12)], ['200', '429'])
})
