import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EpochKeeper } from '@turnpike/accounting/epochs/keeper'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parseAnchorFile } from '@turnpike/core/epochs/anchor-file'
import type { CreditIssuer } from '@turnpike/core/ports/credit-issuer'
import type { DatabaseSync } from 'node:sqlite'
import { localAnchor } from '../anchors/local.ts'
import { openBilling } from '../billing/database.ts'
import { SqliteEpochStore } from './store.ts'
import { chainAnchor, SimulatedChain } from './testing/chain.ts'
import { Crash, Crashes } from './testing/crashes.ts'
import { MemoryEpochFiles } from './testing/memory-files.ts'
import { FIRST_EPOCH, quickSigner, quickVerifier, sealedLog } from './testing/sealed-log.ts'

const RUNS = Number(process.env['TURNPIKE_TEST_EPOCH_RUNS'] ?? 300)
/** Hours of the log's epochs: some have no entries. */
const HOURS = [0, 1, 2, 5, 6, 9]
const LOG = await sealedLog(HOURS)
const TURNS = 30
/** A quiet chain brings everything to an end in fewer turns than this. */
const TURNS_TO_END = 40

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Files that fail the test when something is signed twice with other words. */
class OnceFiles extends MemoryEpochFiles {
  override async put(files: Parameters<MemoryEpochFiles['put']>[0]): Promise<void> {
    for (const { path, bytes } of files) {
      const there = this.files.get(path)
      if (there !== undefined && /\.(root|final)$/.test(path)) assert.deepEqual(bytes, there, path)
    }
    return super.put(files)
  }
}

/** Credits each epoch by a row that can't be there twice, when the chain has it for good. */
function crediting(billing: DatabaseSync, chain: SimulatedChain, crashes: Crashes): CreditIssuer {
  billing.exec('CREATE TABLE credited (epoch INTEGER PRIMARY KEY) STRICT')
  const insert = billing.prepare('INSERT INTO credited VALUES (?)')
  const last = billing.prepare('SELECT max(epoch) AS epoch FROM credited')
  return {
    issue: ({ statement: { epoch, previousEpoch, root }, rows }) => {
      assert.equal(last.get()!['epoch'], previousEpoch, 'in order')
      const found = chain.find(epoch)
      assert.equal(found?.isFinal, true, 'only when it is there for good')
      assert.equal(found!.root, Buffer.from(root).toString('hex'))
      assert.equal(rows.length, 1)
      crashes.run(() => insert.run(epoch))
      return { epoch }
    },
  }
}

class Model {
  readonly #random: () => number
  readonly #names: readonly string[]
  readonly #chain = new SimulatedChain()
  readonly #crashes = new Crashes()
  readonly #files = new OnceFiles()
  readonly #clock = new TestClock((FIRST_EPOCH + 100) * EPOCH_MS)
  readonly #billing = openBilling(':memory:').ok!
  readonly #epochs: SqliteEpochStore
  readonly #credits: CreditIssuer
  readonly #states = new Map<number, string>()
  #keeper: EpochKeeper
  #sealed = 0
  #isQuiet = false
  crashed: number = 0
  reorganised: number = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.#names = this.#chance(0.3) ? ['local', 'chain'] : ['chain']
    this.#epochs = new SqliteEpochStore(this.#billing, {
      origin: quickSigner.name,
      logId: logIdOf(quickSigner, testHasher),
      anchors: this.#names,
    })
    this.#credits = crediting(this.#billing, this.#chain, this.#crashes)
    this.#keeper = this.#start()
  }

  async run(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await this.#turn()
    this.#isQuiet = true
    this.#crashes.clear()
    this.#sealed = HOURS.length
    const isEnd = (): boolean => this.#epochs.progress().counts.final === HOURS.length
    for (let turn = 0; turn === 0 || (turn < TURNS_TO_END && !isEnd()); turn++) {
      await this.#step()
      this.#chain.mine()
      this.#chain.finalize(0)
    }
    const credited = this.#billing.prepare('SELECT epoch FROM credited').all()
    const expected = HOURS.map((hour) => FIRST_EPOCH + hour)
    assert.deepEqual(
      credited.map(({ epoch }) => epoch),
      expected,
    )
    const final = HOURS.length
    assert.deepEqual(this.#epochs.progress().counts, { batched: 0, anchored: 0, final })
    for (const epoch of expected)
      for (const end of ['root', 'anchor', 'final'])
        assert.ok(this.#files.files.has(`read/${epoch}.${end}`), `${epoch}.${end}`)
    this.#billing.close()
  }

  #start(): EpochKeeper {
    const epochsMax = 1 + Math.floor(this.#random() * 3)
    const chain = chainAnchor(this.#chain, 'us', {
      epochsMax,
      isUp: () => this.#isQuiet || this.#chance(0.95),
      isStuck: () => !this.#isQuiet && this.#chance(0.2),
      onSend: ({ epochs }) => epochs.forEach((epoch) => this.#assertPublished(epoch)),
    })
    const wrapped = this.#crashes.wrap(chain)
    return new EpochKeeper({
      store: this.#crashes.wrap(this.#epochs),
      files: this.#crashes.wrap(this.#files),
      log: this.#crashes.wrap(LOG.store),
      anchors: this.#names.map((name) => (name === 'local' ? localAnchor : wrapped)),
      every: 'hour',
      credits: this.#credits,
      signer: quickSigner,
      verifier: quickVerifier,
      hasher: testHasher,
      clock: this.#clock,
    })
  }

  async #turn(): Promise<void> {
    if (this.#chance(0.25)) this.#sealed = Math.min(this.#sealed + 1, HOURS.length)
    if (this.#chance(0.7)) await this.#step()
    if (this.#chance(0.5)) this.#chain.mine()
    if (this.#chance(0.2)) this.#reorganise()
    if (this.#chance(0.1)) this.#chain.drop()
    if (this.#chance(0.15)) this.#chain.finalize(Math.floor(this.#random() * 6))
    if (this.#chance(0.1)) this.#otherSends()
  }

  async #step(): Promise<void> {
    const plansCrash = !this.#isQuiet && this.#chance(0.4)
    if (plansCrash) this.#crashes.plan(Math.floor(this.#random() * 40), this.#chance(0.5))
    try {
      const { ok: step } = await this.#keeper.step(LOG.states[this.#sealed]!)
      this.#crashes.clear()
      if (step!.unavailable.length === 0) this.#assertTrue()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.crashed++
      this.#keeper = this.#start()
    }
    this.#assertMoves()
  }

  #reorganise(): void {
    this.reorganised++
    this.#chain.reorganise(1 + Math.floor(this.#random() * 6), () => this.#chance(0.7))
  }

  /** Somebody else with the same log sends what the chain lacks. */
  #otherSends(): void {
    const next = this.#epochs
      .list(0, HOURS.length)
      .find(({ statement }) => statement.first === this.#chain.size)
    const nonce = this.#chain.nonceOf('other')
    if (next) this.#chain.submit({ account: 'other', nonce, fee: 1, epochs: [next.statement] })
  }

  /** What is sent was written down, and said, before. */
  #assertPublished(epoch: number): void {
    const bytes = this.#files.files.get(`read/${epoch}.anchor`)
    const { anchors } = parseAnchorFile(bytes!).ok!.value
    assert.ok(anchors.some(({ anchor }) => anchor === 'chain'))
  }

  /** What the chain has not, or no more, is not said to be there. */
  #assertTrue(): void {
    for (const { statement, state } of this.#epochs.list(0, HOURS.length))
      if (this.#chain.find(statement.epoch) === undefined) assert.equal(state, 'batched')
  }

  /** pending → batched → anchored → final, and anchored → batched. */
  #assertMoves(): void {
    let least = 'final'
    for (const { statement, state } of this.#epochs.list(0, HOURS.length)) {
      const before = this.#states.get(statement.epoch) ?? 'batched'
      if (before === 'final') assert.equal(state, 'final')
      this.#states.set(statement.epoch, state)
      const order = ['batched', 'anchored', 'final']
      assert.ok(order.indexOf(state) <= order.indexOf(least), 'none is ahead of those before it')
      least = state
    }
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }
}

test('each epoch is credited once, in order, when it is final, whatever happens', async (t) => {
  let crashed = 0
  let reorganised = 0
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const model = new Model(seed)
      await model.run()
      crashed += model.crashed
      reorganised += model.reorganised
    }),
    { numRuns: RUNS },
  )
  t.diagnostic(`${RUNS} runs, ${crashed} crashes, ${reorganised} reorganisations`)
  assert.ok(crashed > RUNS, `${crashed} crashes`)
  assert.ok(reorganised > RUNS, `${reorganised} reorganisations`)
})
