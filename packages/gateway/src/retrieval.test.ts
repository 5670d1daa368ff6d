import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BodyReader } from '@turnpike/core/body'
import { linkToString } from '@turnpike/core/link'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { Timer } from '@turnpike/core/ports/runtime'
import { createGateway } from './gateway.ts'
import type { Gateway } from './types.ts'
import { fileNode, rawBlocks } from './testing/blocks.ts'
import { HeldUpWorld, turn } from './testing/held-up.ts'
import { alice, drain } from './testing/world.ts'
import { timedBody, TimedRequest } from './retrieval.ts'

const leaves = rawBlocks(4, 300_000)
const root = fileNode(leaves)
const TIMEOUT_MS = 700

/** A timer that goes off when told to, and counts what it was asked for. */
class Alarm implements Timer {
  asked = 0
  readonly #waiting = new Set<() => void>()

  get waiting(): number {
    return this.#waiting.size
  }

  after(delayMs: number, call: () => void): () => void {
    assert.equal(delayMs, TIMEOUT_MS)
    this.asked += 1
    this.#waiting.add(call)
    return () => void this.#waiting.delete(call)
  }

  ring(): void {
    for (const call of this.#waiting) {
      this.#waiting.delete(call)
      call()
    }
  }
}

/** A remote file whose leaves are held up. */
function heldUp(): { world: HeldUpWorld; alarm: Alarm; gateway: Gateway; url: string } {
  const world = new HeldUpWorld()
  world.put(alice, [root], ['https://nodes.example'])
  world.put(alice, leaves, ['https://leaves.example'])
  const { onFill } = world
  world.onFill = (url) => {
    world.hold = url.includes('leaves')
    return onFill(url)
  }
  const alarm = new Alarm()
  const options = { timer: alarm, retrievalTimeoutMs: TIMEOUT_MS, readAheadBytesMax: 300_000 }
  const gateway = createGateway(world.deps(options))
  const url = `http://gateway.example/ipfs/${linkToString(root.link)}`
  return { world, alarm, gateway, url }
}

async function waitingFill(world: HeldUpWorld): Promise<void> {
  while (world.waiting.length === 0) await turn()
}

test('a first byte that does not come is 504, and what was begun is given up', async () => {
  const { world, alarm, gateway, url } = heldUp()
  const answer = gateway.handle(new Request(url))
  await waitingFill(world)
  alarm.ring()
  const got = await drain(await answer)
  assert.equal(got.status, 504)
  assert.match(got.headers.get('retry-after')!, /^\d+$/)
  assert.equal(got.headers.get('cache-control'), 'no-store')
  assert.match(Buffer.from(got.body).toString(), /expected within 700 ms/)
  assert.equal(world.opened.at(-1)!.signal.aborted, true)
  await world.flush()
  assert.equal(world.openStreams, 0)
  const { originFailed, content } = READ_FLAGS
  assert.equal(world.reads[0]!.flags & (originFailed | content), originFailed)
  assert.equal(world.reads[0]!.status, 504)
  assert.equal(alarm.waiting, 0)
})

test('an answer that comes in time calls its timer off', async () => {
  const { world, alarm, gateway, url } = heldUp()
  const answering = gateway.handle(new Request(url))
  await waitingFill(world)
  assert.equal(alarm.waiting, 1)
  world.waiting.shift()!.goOn()
  const answer = await answering
  assert.equal(alarm.waiting, 0)
  answer.body.settle({ bytes: 0, grade: 1, end: 'client-left' })
  await world.flush()
  assert.equal(world.openStreams, 0)
})

test('a chunk that does not come in time fails the body', async () => {
  const { world, alarm, gateway, url } = heldUp()
  const answering = gateway.handle(new Request(url))
  await waitingFill(world)
  world.waiting.shift()!.goOn()
  const { status, body } = await answering
  assert.equal(status, 200)
  const reader = body.open(new AbortController().signal)
  let bytes = 0
  let failure: Error | undefined
  for (let chunks = 0; failure === undefined && chunks < 100; chunks++) {
    const read = reader.read()
    await turn()
    if (world.waiting.length > 0 && bytes < 300_000) world.waiting.shift()!.goOn()
    else if (world.waiting.length > 0) alarm.ring()
    try {
      bytes += (await read)!.length
    } catch (error) {
      failure = error as Error
    }
  }
  assert.equal(failure!.name, 'RetrievalTimeout')
  reader.close()
  body.settle({ bytes, grade: 1, end: 'failed' })
  await world.flush()
  assert.equal(world.openStreams, 0)
  assert.equal(world.reads[0]!.flags & READ_FLAGS.originFailed, READ_FLAGS.originFailed)
  assert.equal(alarm.waiting, 0)
})

test('chunks that are there cost no timer', () => {
  const alarm = new Alarm()
  const chunks = [new Uint8Array(1), new Uint8Array(2), null]
  let closed = 0
  const source: BodyReader = { read: () => chunks.shift()!, close: () => void closed++ }
  const patience = { timer: alarm, timeoutMs: TIMEOUT_MS }
  const body = timedBody({ length: 3, open: () => source }, patience)
  const reader = body.open(new AbortController().signal)
  assert.deepEqual(
    [body.length, reader.read(), reader.read()],
    [3, new Uint8Array(1), new Uint8Array(2)],
  )
  assert.equal(reader.read(), null)
  reader.close()
  assert.deepEqual([closed, alarm.asked], [1, 0])
})

test('an outcome that comes too late is given back', async () => {
  const alarm = new Alarm()
  const patience = { timer: alarm, timeoutMs: TIMEOUT_MS }
  const request = new TimedRequest(new Request('http://a.example/'), patience)
  const late = Promise.withResolvers<Awaited<ReturnType<typeof request.inTime>>>()
  const outcome = request.inTime(late.promise)
  alarm.ring()
  assert.equal((await outcome).error!.name, 'RetrievalTimeout')
  assert.equal(request.signal.aborted, true, 'also for who asks for it only now')
  let given = 0
  const reader: BodyReader = { read: () => null, close: () => void given++ }
  const body = { length: 1, open: (): BodyReader => reader }
  late.resolve({ ok: { status: 200, headers: [], body, billable: true, partial: false } })
  await turn()
  assert.equal(given, 1)
})

test('a body is read where the adapter takes bodies', async () => {
  const patience = { timer: new Alarm(), timeoutMs: TIMEOUT_MS }
  const plain = new Request('http://a.example/')
  assert.equal(await new TimedRequest(plain, patience).readBody(1), undefined)
  const { method, url, headers, signal } = plain
  const body = Uint8Array.of(7)
  const readBody = (bytesMax: number): Promise<Uint8Array> =>
    Promise.resolve(body.subarray(0, bytesMax))
  const timed = new TimedRequest({ method, url, headers, signal, readBody }, patience)
  assert.deepEqual(await timed.readBody(1), body)
})

test('a client that leaves aborts the timed request, before and after it is asked', () => {
  const patience = { timer: new Alarm(), timeoutMs: TIMEOUT_MS }
  const client = new AbortController()
  const before = new TimedRequest(new Request('http://a.example/', client), patience)
  const { signal } = before
  assert.equal(signal.aborted, false)
  client.abort()
  assert.equal(signal.aborted, true)
  const after = new TimedRequest(new Request('http://a.example/', client), patience)
  assert.equal(after.signal.aborted, true)
})
