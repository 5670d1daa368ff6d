/**
 * Random schedules: readers start, stall and leave, origins answer late and fail; nothing wrong is
 * handed out, and nothing is left when all is quiet.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BodyReader } from '@turnpike/core/body'
import { BLOCK_CACHE_KEEP_BYTES_MAX } from '@turnpike/core/limits'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { type RandomFile, randomFile } from '../testing/random-file.ts'
import type { BlockEngine } from './engine.ts'
import { BlockSession } from './session.ts'
import { Nodes } from '../walk/nodes.ts'
import { alice } from '../testing/world.ts'
import { fileBody } from '../walk/file-body.ts'
import { brokenBits } from '../testing/blocks.ts'
import { bytesEqual } from '@turnpike/core/bytes'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 150)
const BUDGET_BYTES = 600_000
const FAULTS = ['OriginUnavailable', 'OriginTimeout', 'OriginLied', 'OriginMissing'] as const

/** One reader of a range, which reads when it is told to. */
class Client {
  readonly session: BlockSession
  readonly #expected: Uint8Array
  readonly #reader: BodyReader
  #got = 0
  #reading = false
  state: 'open' | 'complete' | 'failed' | 'left' = 'open'

  constructor(engine: BlockEngine, nodes: Nodes, file: RandomFile, at: number, length: number) {
    const size = file.content.length
    const first = size === 0 ? 0 : at % size
    const last = Math.min(size, first + length) - 1
    this.session = new BlockSession(engine, alice)
    this.#expected = file.content.subarray(first, last + 1)
    const root = nodes.keep(this.session, file.root.link, file.root.bytes)
    const node = root.ok ?? ({ kind: 'raw', link: file.root.link } as const)
    const source = { nodes, session: this.session, root: node }
    this.#reader = fileBody(source, { first, last }).open(new AbortController().signal)
  }

  /** Asks for a chunk unless one is waited for. */
  async read(): Promise<void> {
    if (this.#reading || this.state !== 'open') return
    this.#reading = true
    try {
      this.#take(await this.#reader.read())
    } catch (error) {
      if (this.state === 'open') this.state = 'failed'
      assert.ok(error instanceof Error && /^(Origin|ReadClosed)/.test(error.name), String(error))
    }
    this.#reading = false
  }

  leave(): void {
    if (this.state === 'open') this.state = 'left'
    this.#reader.close()
  }

  #take(chunk: Uint8Array | null): void {
    if (this.state !== 'open') return
    if (chunk === null) {
      assert.equal(this.#got, this.#expected.length, 'a clean end is a whole body')
      this.state = 'complete'
      return
    }
    const expected = this.#expected.subarray(this.#got, this.#got + chunk.length)
    assert.ok(bytesEqual(chunk, expected), `wrong bytes at ${this.#got}`)
    this.#got += chunk.length
  }
}

const client = fc.record({
  at: fc.nat(4_000_000),
  length: fc.oneof(fc.nat(500), fc.nat(5_000_000)),
})
const action = fc.record({
  kind: fc.constantFrom('read', 'read', 'read', 'answer', 'answer', 'fail', 'leave', 'turn'),
  pick: fc.nat(1000),
})

test('whatever the schedule: true prefixes, whole bodies, and nothing left over', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomFile(12_000),
      fc.array(client, { minLength: 1, maxLength: 6 }),
      fc.array(action, { maxLength: 120 }),
      fc.boolean(),
      fc.option(fc.nat(200_000)),
      async (file, wanted, actions, local, badAt) => {
        const world = new HeldUpWorld()
        const urls = local ? ['local:'] : ['https://one.example', 'https://two.example']
        world.put(alice, file.blocks, urls)
        if (badAt !== null) brokenBits(world, urls[0]!, badAt)
        const engine = world.engine({
          readAheadBytesMax: BUDGET_BYTES,
          blockCacheBytesMax: BLOCK_CACHE_KEEP_BYTES_MAX,
        })
        const nodes = new Nodes(4096)
        world.hold = true
        const clients = wanted.map(({ at, length }) => new Client(engine, nodes, file, at, length))
        let failures = badAt === null ? 0 : 1
        for (const { kind, pick } of actions) {
          const one = clients[pick % clients.length]!
          const waiting = world.waiting.splice(pick % (world.waiting.length || 1), 1)[0]
          if (kind === 'answer') waiting?.goOn()
          else if (kind === 'fail' && waiting !== undefined) {
            waiting.goOn(FAULTS[pick % FAULTS.length])
            failures++
          } else if (waiting !== undefined) world.waiting.push(waiting)
          if (kind === 'read') void one.read()
          if (kind === 'leave' && pick % 3 === 0) one.leave()
          if (kind === 'turn') await turn()
          assert.ok(engine.budget.freeBytes >= 0 && engine.budget.freeBytes <= BUDGET_BYTES)
        }
        await finish(world, clients)
        assertQuiet(world, engine, BUDGET_BYTES)
        if (failures === 0) assert.ok(clients.every((one) => one.state !== 'failed'))
        const dagBytes = file.blocks.reduce((sum, block) => sum + block.bytes.length + 40, 0)
        assert.ok(world.openedBytes <= 4 * (clients.length + failures) * dagBytes)
        assertTallied(clients, file, local)
      },
    ),
    { numRuns: RUNS },
  )
})

/** Lets all who did not leave read to their end, then closes all. */
async function finish(world: HeldUpWorld, clients: readonly Client[]): Promise<void> {
  for (let i = 0; clients.some((one) => one.state === 'open'); i++) {
    assert.ok(i < 2000, 'every body comes to an end')
    for (const one of clients) void one.read()
    await world.flush()
  }
  for (const one of clients) one.leave()
  await world.flush()
}

/** Everything is over: no fetch is left to be told late, and our own store is nobody's. */
function assertTallied(clients: readonly Client[], file: RandomFile, local: boolean): void {
  const dagBytes = file.blocks.reduce((sum, block) => sum + block.bytes.length, 0)
  for (const { session } of clients) {
    const rows = session.tally.close(() => assert.fail('nothing comes late'))
    if (local) assert.equal(rows.length, 0)
    for (const [, { bytes, requests, failed }] of rows) {
      assert.ok(failed <= requests)
      assert.ok(bytes <= BigInt(20 * dagBytes))
    }
  }
}
