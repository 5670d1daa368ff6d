/**
 * Epochs on a real chain while all goes wrong: crashes, reorganisations, transactions that are
 * dropped, too cheap, or robbed of their nonce, and a second sender.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { EpochKeeper } from '@turnpike/accounting/epochs/keeper'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { JsonObject } from '@turnpike/core/epochs/signed-line'
import type { Anchor, EpochStatement } from '@turnpike/core/ports/anchor'
import type { FinalEpoch } from '@turnpike/core/ports/credit-issuer'
import fc from 'fast-check'
import { checkAnchored } from '../../../../audit/src/evm-chain.ts'
import { openBilling } from '../../billing/database.ts'
import { SqliteEpochStore } from '../../epochs/store.ts'
import { Crash, Crashes } from '../../epochs/testing/crashes.ts'
import { MemoryEpochFiles } from '../../epochs/testing/memory-files.ts'
import {
  FIRST_EPOCH,
  quickSigner,
  quickVerifier,
  sealedLog,
} from '../../epochs/testing/sealed-log.ts'
import { folderPaths } from '../../folder/layout.ts'
import { EvmAnchor } from './anchor.ts'
import { openEvmKey } from './key.ts'
import { registerLog } from './manage.ts'
import type { EvmRegistration } from './registration.ts'
import { FINAL_AFTER, fund, mine, noAnvil, reorganise, type Anvil } from './testing/anvil.ts'
import { deployed, FEE_MAX, need } from './testing/deployed.ts'

const skip = noAnvil
const RUNS = Number(process.env['TURNPIKE_TEST_CHAIN_RUNS'] ?? 2)
/** Hours of the log's epochs: some have no entries. */
const HOURS = [0, 1, 2, 5, 6]
const LOG = await sealedLog(HOURS)
/** Blocks that a reorganisation takes, at most: none that is there for good. */
const DEPTH_MAX = FINAL_AFTER - 1
/** With a quiet chain all comes to an end in fewer turns than this. */
const TURNS_TO_END = 60
const STUCK_SECONDS = 200

/** What may happen. */
type Event =
  | { readonly kind: 'seal' | 'mine' | 'drop' | 'dear' | 'rob' | 'other' }
  | { readonly kind: 'reorganise'; readonly depth: number }
  | {
      readonly kind: 'turn'
      readonly crash?: { readonly after: number; readonly isAfter: boolean }
    }

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'turn' } as const) },
  {
    weight: 4,
    arbitrary: fc
      .record({ after: fc.nat(40), isAfter: fc.boolean() })
      .map((crash) => ({ kind: 'turn', crash }) as const),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'mine' } as const) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('seal', 'drop', 'dear', 'rob', 'other')
      .map((kind) => ({ kind }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1, max: DEPTH_MAX })
      .map((depth) => ({ kind: 'reorganise', depth }) as const),
  },
)

/** One log in its folder, its keeper, and the chain. */
class World {
  readonly #anvil: Anvil
  readonly #dataDir: string
  readonly #registration: EvmRegistration
  readonly #billing = openBilling(':memory:').ok!
  readonly #crashes = new Crashes()
  readonly #files = new MemoryEpochFiles()
  readonly #clock = new TestClock((FIRST_EPOCH + 100) * EPOCH_MS)
  readonly #epochs: SqliteEpochStore
  #keeper: EpochKeeper
  #sealed = 1
  constructor(anvil: Anvil, dataDir: string, registration: EvmRegistration) {
    this.#anvil = anvil
    this.#dataDir = dataDir
    this.#registration = registration
    const logId = logIdOf(quickSigner, testHasher)
    const { name: origin } = quickSigner
    this.#epochs = new SqliteEpochStore(this.#billing, { origin, logId, anchors: ['evm'] })
    this.#billing.exec('CREATE TABLE credited (epoch INTEGER PRIMARY KEY) STRICT')
    this.#keeper = this.#start()
  }

  async happen(what: Event): Promise<void> {
    const { client } = this.#anvil
    switch (what.kind) {
      case 'turn':
        if (what.crash !== undefined) this.#crashes.plan(what.crash.after, what.crash.isAfter)
        return this.#turn()
      case 'seal':
        this.#sealed = Math.min(this.#sealed + 1, HOURS.length)
        return
      case 'mine':
        return mine(this.#anvil)
      case 'drop':
        return void (await client.request({ method: 'anvil_dropAllTransactions' } as never))
      case 'dear': {
        const { baseFeePerGas } = await client.getBlock()
        await client.setNextBlockBaseFeePerGas({ baseFeePerGas: 3n * baseFeePerGas! })
        await mine(this.#anvil, 1, STUCK_SECONDS)
        return client.setNextBlockBaseFeePerGas({ baseFeePerGas: baseFeePerGas! })
      }
      case 'rob':
        return this.#rob()
      case 'other':
        return this.#otherSends()
      case 'reorganise':
        return reorganise(this.#anvil, what.depth)
    }
  }

  /** All goes well from now on. */
  async end(): Promise<void> {
    this.#sealed = HOURS.length
    for (let turn = 0; turn < TURNS_TO_END && this.#credited().length < HOURS.length; turn++) {
      await this.#turn()
      await mine(this.#anvil)
    }
    const epochs = HOURS.map((hour) => FIRST_EPOCH + hour)
    assert.deepEqual(this.#credited(), epochs)
    this.#billing.close()
  }

  /** Sends two epochs at once at most, so that there are several transactions. */
  #anchor(): Anchor {
    const { rpc } = this.#anvil
    const evm = new EvmAnchor({ dataDir: this.#dataDir, rpc, feeMax: FEE_MAX })
    return Object.assign(evm, { epochsMax: 2 })
  }

  #start(): EpochKeeper {
    return new EpochKeeper({
      store: this.#crashes.wrap(this.#epochs),
      files: this.#crashes.wrap(this.#files),
      log: this.#crashes.wrap(LOG.store),
      anchors: [this.#crashes.wrap(this.#anchor())],
      every: 'hour',
      credits: { issue: (final) => this.#credit(final) },
      signer: quickSigner,
      verifier: quickVerifier,
      hasher: testHasher,
      clock: this.#clock,
    })
  }

  /** By a row that can't be there twice, in the transaction that makes the epoch final. */
  #credit({ statement: { epoch, previousEpoch } }: FinalEpoch): JsonObject {
    assert.equal(this.#credited().at(-1) ?? null, previousEpoch, 'in order')
    this.#crashes.run(() => this.#billing.prepare('INSERT INTO credited VALUES (?)').run(epoch))
    return { epoch }
  }

  #credited(): readonly number[] {
    const rows = this.#billing.prepare('SELECT epoch FROM credited ORDER BY epoch').all()
    return rows.map(({ epoch }) => Number(epoch))
  }

  async #turn(): Promise<void> {
    try {
      const { ok: step, error } = await this.#keeper.step(LOG.states[this.#sealed]!)
      assert.ifError(error)
      if (step!.unavailable.length === 0) await this.#assertThere()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#keeper = this.#start()
    } finally {
      this.#crashes.clear()
    }
    await this.#assertPaid()
  }

  /** What is said to be anchored is there. */
  async #assertThere(): Promise<void> {
    const records = this.#epochs.list(0, HOURS.length).filter(({ state }) => state !== 'batched')
    for (const kind of await this.#kinds(records.map(({ statement }) => statement)))
      assert.ok(kind === 'final' || kind === 'notFinal', kind)
  }

  /** What was credited is there for good. */
  async #assertPaid(): Promise<void> {
    const credited = new Set(this.#credited())
    const records = this.#epochs.list(0, HOURS.length)
    const paid = records
      .map(({ statement }) => statement)
      .filter(({ epoch }) => credited.has(epoch))
    assert.deepEqual(new Set(await this.#kinds(paid)), new Set(paid.length > 0 ? ['final'] : []))
  }

  async #kinds(epochs: readonly EpochStatement[]): Promise<readonly string[]> {
    const { logId, registrant, contract } = this.#registration
    const log = { logId: Buffer.from(logId.slice(2), 'hex'), registrant }
    const standings = await checkAnchored({ rpcs: [this.#anvil.rpc], contract }, log, epochs)
    return standings.map(({ kind }) => kind)
  }

  /** Another transaction of the account comes in the place of what waits. */
  async #rob(): Promise<void> {
    const { client } = this.#anvil
    const from = this.#registration.registrant
    await client.request({ method: 'anvil_dropAllTransactions' } as never)
    await client.impersonateAccount({ address: from })
    await client.request({ method: 'eth_sendTransaction', params: [{ from, to: from }] } as never)
    await client.stopImpersonatingAccount({ address: from })
  }

  /** A second sender with the same key, for what the first has not sent or not seen yet. */
  async #otherSends(): Promise<void> {
    const waiting = this.#epochs.list(0, HOURS.length).filter(({ state }) => state === 'batched')
    const epochs = waiting.slice(0, 2).map(({ statement }) => statement)
    if (epochs.length === 0) return
    const other = this.#anchor()
    const intent = await other.prepare(epochs)
    if (intent.ok !== undefined) await other.submit(intent.ok, epochs)
  }
}

test('whatever happens, each epoch is paid once, and when it is final', { skip }, async (t) => {
  const { anvil, contract } = await deployed(t)
  const root = await mkdtemp(join(tmpdir(), 'turnpike-evm-campaign-'))
  t.after(() => rm(root, { recursive: true }))
  let runs = 0
  const newWorld = async (): Promise<World> => {
    const dataDir = join(root, String(runs++))
    const { address } = await openEvmKey(folderPaths(dataDir).keys)
    await fund(anvil, address)
    await anvil.client.request({ method: 'anvil_dropAllTransactions' } as never)
    await anvil.client.setAutomine(true)
    const options = { dataDir, rpc: anvil.rpc, contract, signer: quickSigner }
    const { registration } = need(await registerLog(options))
    await anvil.client.setAutomine(false)
    await mine(anvil, DEPTH_MAX + 1)
    return new World(anvil, dataDir, registration)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 40 }), async (events) => {
      const world = await newWorld()
      for (const one of events) await world.happen(one)
      await world.end()
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
