import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { Message, Receipt, CAR as Car, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import * as CarTransport from '@ucanto/transport/car'
import { EGRESS_TOPIC } from '@turnpike/accounting/egress/follow'
import { encodeOutgoing } from '@turnpike/accounting/egress/outgoing'
import { egressHandler } from '@turnpike/accounting/egress/send'
import { consume, type Consumed } from '@turnpike/accounting/queue/consumer'
import { linkFromString } from '@turnpike/core/link'
import { QUEUE_DELAY_MS_MAX } from '@turnpike/core/limits/queue'
import type { QueueRow } from '@turnpike/core/ports/queue'
import type { GatewaySigner } from '@turnpike/core/retrieve/message'
import { fail, ok, type Result } from '@turnpike/core/result'
import { testKey } from '@turnpike/core/testing/keys'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { SqliteQueueKeeper } from '../queue/keeper.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { QUEUE_SCHEMA } from '../queue/schema.ts'
import { nodeRandom } from '../runtime.ts'
import { PostFailed } from './post.ts'

const NOW_MS = 1_800_000_000_000
const service = await ed25519.generate()
const impostor = await ed25519.generate()
const gateway = testKey(1)
const unresolved = { resolve: () => assert.fail('a did:key is its own key') }

type Answer = (invocations: readonly API.Invocation[], body: Uint8Array) => Promise<Uint8Array>
type Out = { readonly ok: object } | { readonly error: { name: string; message: string } }

/** An answer with a receipt for each invocation, by `out`; undefined for none. */
function receipts(
  out: (invocation: API.Invocation, n: number) => Out | undefined,
  issuer: API.Signer = service,
): Answer {
  return async (invocations) => {
    const issued = invocations.map((ran, n) => {
      const result = out(ran, n)
      return result && Receipt.issue({ issuer, ran: ran.link() as never, result: result as never })
    })
    const told = (await Promise.all(issued)).filter((receipt) => receipt !== undefined)
    const message = await Message.build({ receipts: told as never })
    return CarTransport.response.encode(message).body as Uint8Array
  }
}

interface Rig {
  /** What the service answers. */
  answer: Answer | Result<never, PostFailed>
  /** Answers instead, where it is there. */
  post?: (...asked: Parameters<Answer>) => Promise<Result<Uint8Array, PostFailed>>
  readonly bodies: Uint8Array[]
  run(): Promise<Consumed>
  waiting(): QueueRow[]
  dead(): QueueRow[]
  redrive(): void
  later(): void
}

/** Records 0 to `count - 1` are queued. */
function rigOf(count: number, leave = true): Rig {
  const database = new DatabaseSync(':memory:')
  database.exec(QUEUE_SCHEMA)
  let nowMs = NOW_MS
  const clock = { nowMs: () => nowMs }
  const queue = new SqliteQueue(database, clock)
  const keeper = new SqliteQueueKeeper(database, clock)
  const said = { space: testKey(2).did, resource: linkFromString('bafkqaaa')!, servedAtMs: NOW_MS }
  queue.put(
    Array.from({ length: count }, (_, n) => ({
      topic: EGRESS_TOPIC,
      key: `${n}`,
      body: encodeOutgoing({ ...said, bytes: n + 1, nonce: `${n}` }),
    })),
  )
  const rig: Rig = {
    answer: fail(new PostFailed('nobody asked')),
    bodies: [],
    run() {
      const handler = egressHandler({
        audience: service.did(),
        hasher: nodeHasher,
        signatures: { verifier: nodeVerifier, resolver: unresolved as never },
        leaveOf: async () => (leave ? { signer: gateway as GatewaySigner, proofs: [] } : undefined),
        async post(body) {
          rig.bodies.push(body)
          const { roots, blocks } = Car.decode(body as never)
          const message = Message.view({ root: roots[0]!.cid, store: blocks })
          if (rig.post !== undefined) return rig.post(message.invocations, body)
          if (typeof rig.answer !== 'function') return rig.answer
          return ok(await rig.answer(message.invocations, body))
        },
      })
      const deps = { queue, clock, random: nodeRandom }
      return consume(handler, deps, new AbortController().signal)
    },
    waiting: () => keeper.list({ isDead: false }),
    dead: () => keeper.list({ isDead: true }),
    redrive: () => void keeper.redrive({}),
    later: () => (nowMs += QUEUE_DELAY_MS_MAX),
  }
  return rig
}

const fine = (): Out => ({ ok: {} })
const refused = (name: string): Out => ({ error: { name, message: 'no' } })

test('records go out together, and are done by their receipts', async () => {
  const rig = rigOf(250)
  rig.answer = receipts(fine)
  assert.deepEqual(await rig.run(), { done: 250, retried: 0, dead: 0 })
  assert.equal(rig.bodies.length, 3)
  assert.deepEqual([...rig.waiting(), ...rig.dead()], [])
})

test('L5: an answer is no success: not by status, nor what is beside a receipt', async () => {
  const answers: Rig['answer'][] = [
    fail(new PostFailed('503', 503)),
    async () => new Uint8Array(),
    async () => new TextEncoder().encode('{"ok":true}'),
    async (_, body) => body,
    receipts(() => undefined),
    receipts(() => refused('ConsumerNotFound')),
    receipts(fine, impostor),
    receipts(fine, impostor.withDID(service.did() as never) as API.Signer),
    async (_, body) => receipts(fine)([], body),
  ]
  const rig = rigOf(3)
  for (const answer of answers) {
    rig.answer = answer
    assert.deepEqual(await rig.run(), { done: 0, retried: 3, dead: 0 })
    assert.ok(rig.waiting().every(({ reason }) => reason !== ''))
    rig.later()
  }
  rig.answer = receipts(fine)
  assert.deepEqual(await rig.run(), { done: 3, retried: 0, dead: 0 })
})

test('L12: each record goes by its own receipt, whatever the others say', async () => {
  const rig = rigOf(4)
  const outs = [fine(), refused('MalformedCapability'), undefined, refused('PlanNotFound')]
  rig.answer = receipts((_, n) => outs[n])
  assert.deepEqual(await rig.run(), { done: 1, retried: 2, dead: 1 })
  assert.deepEqual(
    rig.dead().map(({ key, reason }) => `${key} ${reason}`),
    ['1 MalformedCapability: no'],
  )
  assert.deepEqual(
    rig.waiting().map(({ key, reason }) => `${key} ${reason}`),
    ['2 a receipt expected, got none of it', '3 PlanNotFound: no'],
  )
})

test('L12: a message that is refused whole is sent in parts', async () => {
  const rig = rigOf(20)
  const whole = receipts(fine)
  rig.post = async (invocations, body) =>
    invocations.some(({ capabilities: [one] }) => (one.nb as { bytes: number }).bytes === 7)
      ? fail(new PostFailed('400: malformed', 400))
      : ok(await whole(invocations, body))
  assert.deepEqual(await rig.run(), { done: 19, retried: 1, dead: 0 })
  assert.equal(rig.waiting()[0]!.key, '6')
  assert.ok(rig.bodies.length <= 11, `${rig.bodies.length} messages`)
})

test('L6: what was given up is sent again by a redrive, to the same bytes', async () => {
  const rig = rigOf(1)
  rig.answer = receipts(() => refused('ServedAtTooOld'))
  assert.deepEqual(await rig.run(), { done: 0, retried: 0, dead: 1 })
  rig.redrive()
  rig.answer = receipts(fine)
  assert.deepEqual(await rig.run(), { done: 1, retried: 0, dead: 0 })
  const [first, second] = rig.bodies
  assert.deepEqual(first, second)
})

test('a record that no space lets us make waits, and is not sent', async () => {
  const rig = rigOf(2, false)
  assert.deepEqual(await rig.run(), { done: 0, retried: 2, dead: 0 })
  assert.equal(rig.bodies.length, 0)
  assert.match(rig.waiting()[0]!.reason, /expected to let this gateway serve it/)
})
