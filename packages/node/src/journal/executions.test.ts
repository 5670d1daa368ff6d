import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Accounting } from '@turnpike/accounting/accounting'
import { checkLog } from '@turnpike/accounting/check-log'
import { testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { epochOf } from '@turnpike/core/billing/epoch'
import { linkToString } from '@turnpike/core/link'
import { decodeEntry } from '@turnpike/core/log/decode'
import { decodeRows, rowsPath } from '@turnpike/core/log/summary'
import { createGateway } from '@turnpike/gateway/gateway'
import { rawBlocks } from '@turnpike/gateway/testing/blocks'
import { alice, World } from '@turnpike/gateway/testing/world'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { openJournal } from './journal.ts'
import { journalSource } from './source.ts'

test('executions go from a read by one frame into log and summary', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-executions-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const journal = (await openJournal({ folder, reserveBytes: 0, onFailure: assert.fail })).ok!
  const [block] = rawBlocks(1, 100)
  const world = new World()
  world.put(alice, [block!])
  const gateway = createGateway(world.deps({ journal }))
  for (let n = 0; n < 3; n++) {
    const url = `http://gateway.example/ipfs/${linkToString(block!.link)}`
    const { body } = await gateway.handle(new Request(url))
    const figures = { cpuUs: n, diskReadBytes: 1n, diskWriteBytes: 2n, code: null, exit: 0 }
    for (let run = 0; run < n; run++) body.executed(figures)
    body.settle({ bytes: 100, grade: 1, end: 'complete' })
  }
  await journal.flush()
  const source = journalSource(folder, '0')
  const { groups } = await source.read(0, 1e6)
  assert.deepEqual(
    groups.map((group) => group.map((entry) => decodeEntry(entry).ok!.kind)),
    [['read'], ['read', 'exec'], ['read', 'exec', 'exec']],
  )

  const [store, ledger] = [new MemoryLogStore(), new SqliteLedger(':memory:')]
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
  assert.equal((await accounting.catchUp()).ok?.entries, 6)
  const epoch = epochOf(clock.nowMs())
  clock.pass(2 * 3_600_000)
  assert.equal((await accounting.catchUp()).ok?.sealed, 1)
  const rows = decodeRows(store.get(rowsPath(epoch))!).ok!
  assert.deepEqual(
    rows.map(({ space, reads, executions }) => [space, reads, executions]),
    [[alice, 3, 3]],
  )
  assert.equal((await checkLog(store, nodeHasher)).error, undefined)
  ledger.close()
  await journal.close()
})
