import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Accounting } from '@turnpike/accounting/accounting'
import { followDomains } from '@turnpike/accounting/analytics/follow-domains'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { epochOf } from '@turnpike/core/billing/epoch'
import { linkToString } from '@turnpike/core/link'
import { Refusals, type RefusalKind } from '@turnpike/gateway/admission/refusals'
import { createGateway } from '@turnpike/gateway/gateway'
import { rawBlocks } from '@turnpike/gateway/testing/blocks'
import { alice, bob, World } from '@turnpike/gateway/testing/world'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { Tally } from '../metrics/tally.ts'
import { SqliteDomainIndex } from './domain-index.ts'

/** Floods that are tried: a campaign has more. */
const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 30)

type Step = RefusalKind | 'flush' | 'unauthorized' | 'served'

const step: fc.Arbitrary<Step> = fc.constantFrom(
  'load',
  'address',
  'identity',
  'flush',
  'unauthorized',
  'served',
)

test('I13: refusals in the log are as many as the metric says', async () => {
  const [served, refused] = rawBlocks(2, 10)
  const urlOf = ({ link }: typeof served & {}): string =>
    `http://gateway.example/ipfs/${linkToString(link)}`
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const [tally, source] = [new Tally(), new MemoryJournal('0')]
      const journal = {
        admit: () => ({
          start() {},
          mark() {},
          end: (entries: readonly Uint8Array[]) => source.append(entries),
        }),
      }
      const world = new World()
      world.put(alice, [served!])
      world.put(bob, [refused!])
      world.granted.delete(bob)
      const deps = { ...world.deps(), journal, observer: tally }
      const [gateway, refusals] = [createGateway(deps), new Refusals(deps)]
      for (const one of steps) {
        if (one === 'flush') refusals.flush()
        else if (one === 'unauthorized' || one === 'served') {
          const block = one === 'served' ? served! : refused!
          const { body } = await gateway.handle(new Request(urlOf(block)))
          body.settle({ bytes: 10, grade: 1, end: 'complete' })
        } else refusals.answer(one, 1000)
      }
      refusals.close()
      const { denied, reads } = await countedIn(source)
      assert.equal(
        denied,
        tally.snapshot().denied.reduce((sum, count) => sum + count, 0),
      )
      assert.equal(reads, steps.filter((one) => one === 'served').length)
      assert.equal(denied, steps.filter((one) => one !== 'served' && one !== 'flush').length)
    }),
    { numRuns: RUNS },
  )
})

/** What a journal comes to in log and index. */
async function countedIn(source: MemoryJournal): Promise<{ denied: number; reads: number }> {
  const store = new MemoryLogStore()
  const ledger = new SqliteLedger(':memory:')
  const index = new SqliteDomainIndex(':memory:')
  const clock = new TestClock(Date.UTC(2026, 10, 1))
  const accounting = new Accounting({
    store,
    ledger,
    journals: () => [source],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner('gateway.example/log'),
  })
  assert.equal((await accounting.catchUp()).error, undefined)
  const bytes = store.load()?.bytes
  if (bytes !== undefined) {
    const reader = new LogReader(store, nodeHasher, decodeState(nodeHasher, bytes))
    await followDomains(reader, index, new AbortController().signal)
  }
  const { denied, reads } = index.all(epochOf(clock.nowMs()))
  index.close()
  ledger.close()
  return { denied, reads }
}
