/**
 * A log in memory whose epochs are led to their credits, for tests.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { EpochKeeper } from '@turnpike/accounting/epochs/keeper'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import { Sequencer } from '@turnpike/accounting/sequencer'
import type { LogState } from '@turnpike/accounting/state'
import { groupOf, testHasher, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { SEAL_DELAY_MS } from '@turnpike/core/limits/log'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { CreditIssuer } from '@turnpike/core/ports/credit-issuer'
import { localAnchor } from '../../anchors/local.ts'
import { openBilling } from '../../billing/database.ts'
import { MemoryEpochFiles } from '../../epochs/testing/memory-files.ts'
import { quickSigner, quickVerifier } from '../../epochs/testing/sealed-log.ts'
import { SqliteEpochStore } from '../../epochs/store.ts'
import { adoptPolicy, seedCredits } from '../events.ts'
import { SqliteCreditIssuer } from '../issuer.ts'
import { decided, EPOCH, termsOf } from './credits.ts'

/** Reads go in, hours pass, credits come out. It is in the hour `EPOCH` when it is made. */
export class PayingLog {
  readonly billing: DatabaseSync = openBilling(':memory:').ok!
  readonly store: MemoryLogStore = new MemoryLogStore()
  readonly files: MemoryEpochFiles = new MemoryEpochFiles()
  readonly epochs: SqliteEpochStore = new SqliteEpochStore(this.billing, {
    origin: quickSigner.name,
    logId: logIdOf(quickSigner, testHasher),
    anchors: ['local'],
  })
  readonly #journal = new MemoryJournal('0')
  /** Later in an hour than the one before is sealed at the latest. */
  readonly #clock = new TestClock(EPOCH * EPOCH_MS + 2 * SEAL_DELAY_MS)
  readonly #sequencer = new Sequencer({
    store: this.store,
    journals: () => [this.#journal],
    clock: this.#clock,
    random: testRandom(),
    hasher: testHasher,
    signer: quickSigner,
  })
  #keeper: EpochKeeper
  #reads = 0

  /** @param issuer who issues; by default the one on `billing`, with 1,000 micro-credits */
  constructor(issuer?: (credits: CreditIssuer) => CreditIssuer) {
    seedCredits(this.billing, 1000n, decided('seed', EPOCH))
    adoptPolicy(this.billing, termsOf(), decided('policy', EPOCH - 1))
    this.#keeper = this.#keeperOf(issuer)
  }

  /** As after a crash, with another issuer or the usual one. */
  restart(issuer?: (credits: CreditIssuer) => CreditIssuer): void {
    this.#keeper = this.#keeperOf(issuer)
  }

  /** A read, of which the first of these has the id 0. */
  read(fields: Partial<ReadEntry>): void {
    this.#journal.append(groupOf(this.#reads++, fields))
  }

  /** Takes what was read into the log, lets an hour pass, and seals it. */
  async hour(): Promise<void> {
    await this.#round()
    this.#clock.pass(EPOCH_MS)
    await this.#round()
  }

  /** A step of the keeper. */
  async settle(): Promise<void> {
    const { error } = await this.#keeper.step(await this.#round())
    if (error !== undefined) throw error
  }

  async #round(): Promise<LogState> {
    const { ok: round, error } = await this.#sequencer.round()
    if (error !== undefined) throw error
    return round.state
  }

  #keeperOf(issuer: (credits: CreditIssuer) => CreditIssuer = (credits) => credits): EpochKeeper {
    return new EpochKeeper({
      store: this.epochs,
      files: this.files,
      log: this.store,
      anchors: [localAnchor],
      every: 'hour',
      credits: issuer(new SqliteCreditIssuer(this.billing)),
      signer: quickSigner,
      verifier: quickVerifier,
      hasher: testHasher,
      clock: this.#clock,
    })
  }
}
