/**
 * Folders with a log and a ledger, filled from a seed, for tests of the audit.
 * @module
 */
import { join } from 'node:path'
import { Accounting } from '@turnpike/accounting/accounting'
import { EntryDropper } from '@turnpike/accounting/retention/drop-entries'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryInbox } from '@turnpike/accounting/testing/inbox'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { SEAL_DELAY_MS } from '@turnpike/core/limits/log'
import { concatBytes } from '@turnpike/core/bytes'
import { encodeExec, encodeFetch, encodeRead, encodeVoid } from '@turnpike/core/log/encode'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { leafHash } from '@turnpike/core/merkle/hash'
import { VOID_SOURCE } from '@turnpike/core/ports/inbox'
import { nodeHasher } from '@turnpike/node/hasher'
import { SqliteLedger } from '@turnpike/node/ledger/ledger'
import { FileLogStore } from '@turnpike/node/log/log-store'
import type { Random } from '../campaigns/rig/random.ts'

const HOUR_MS = 3_600_000
/** Two hours before a new day, which begins a new month. */
const START_MS = Date.UTC(2026, 9, 31, 22)
/** The first hour that a folder has entries of. */
export const FIRST_EPOCH: number = START_MS / HOUR_MS
const { allowed, content, synthetic } = READ_FLAGS

/** A log and its ledger in a folder, with journals and a clock in memory. */
export class FilledFolder {
  readonly ledger: SqliteLedger
  readonly store: FileLogStore
  readonly #accounting: Accounting
  readonly #clock = new TestClock(START_MS)
  readonly #journal = new MemoryJournal('0')
  readonly #inbox = new MemoryInbox()
  readonly #random: Random
  #reads = 0

  private constructor(data: string, store: FileLogStore, random: Random) {
    this.store = store
    this.ledger = new SqliteLedger(join(data, 'ledger.sqlite'))
    this.#random = random
    this.#accounting = new Accounting({
      store,
      ledger: this.ledger,
      journals: () => [this.#journal, this.#inbox],
      clock: this.#clock,
      random: testRandom(),
      hasher: nodeHasher,
      signer: testSigner('gateway.example/log'),
    })
  }

  static async make(data: string, random: Random): Promise<FilledFolder> {
    return new FilledFolder(data, await FileLogStore.open(join(data, 'log')), random)
  }

  /** Entries of an hour, and the hour after it begins. */
  async hour(entries: number): Promise<void> {
    for (let i = 0; i < entries; i++) this.#journal.append(this.#group())
    await this.catchUp()
    this.#clock.pass(HOUR_MS)
  }

  /** Voids the entry at `index`; again and again for keys that differ. */
  async void(index: number, again = 0): Promise<void> {
    const state = decodeState(nodeHasher, this.store.load()!.bytes)
    for await (const { entries } of new LogReader(this.store, nodeHasher, state).runs(
      index,
      index + 1,
    )) {
      const leaf = leafHash(nodeHasher, entries[0]!)
      const id = new Uint8Array(16).fill(again)
      const entry = encodeVoid({ id, ts: START_MS, index, leaf, reason: 1 })
      await this.#inbox.accept(VOID_SOURCE, [
        { key: concatBytes([leaf.subarray(0, 16), id]), entries: [entry] },
      ])
    }
  }

  async catchUp(): Promise<void> {
    const { error } = await this.#accounting.catchUp()
    if (error !== undefined) throw error
  }

  /** Seals the hour that is over, though no entry comes. */
  async seal(): Promise<void> {
    this.#clock.pass(SEAL_DELAY_MS)
    await this.catchUp()
  }

  /** Drops entries of all but the last hours. */
  async drop(hours: number, windowEntries: number): Promise<void> {
    const dropper = new EntryDropper(this.store, nodeHasher, this.ledger, {
      epochsMax: 100,
      bundlesMax: 100,
      windowEntries,
    })
    const beforeEpoch = Math.floor(this.#clock.nowMs() / HOUR_MS) - hours
    await dropper.drop({ beforeEpoch, beforeIndex: Number.MAX_SAFE_INTEGER })
  }

  close(): void {
    this.ledger.close()
    this.store.close()
  }

  #group(): Uint8Array[] {
    const n = this.#reads++
    const read = readOf(n, this.#fields())
    const group = [encodeRead(read)]
    if (this.#random.below(4) === 0) group.push(this.#fetch(read))
    if (this.#random.below(9) === 0) group.push(execOf(read))
    return group
  }

  #fields(): Partial<ReadEntry> {
    const random = this.#random
    const named = {
      space: `did:key:z${random.below(4)}`,
      region: random.pick(['eu', 'us']),
      cid: random.below(9) === 0 ? null : new Uint8Array([1, 0x55, 0, 1, random.below(6)]),
      bytes: BigInt(random.below(1 << 20)),
    }
    switch (random.below(8)) {
      case 0: {
        const count = 1 + random.below(40)
        return { ...named, flags: 0, deny: DENY.authorization, bytes: 0n, status: 403, count }
      }
      case 1:
        return { ...named, flags: allowed, status: 404 }
      case 2:
        return { ...named, flags: allowed | content | synthetic }
      default:
        return { ...named, flags: allowed | content }
    }
  }

  #fetch({ id }: ReadEntry): Uint8Array {
    const provider = this.#random.pick(['did:key:zNode', 'https://node.example'])
    const bytes = BigInt(this.#random.below(1 << 16))
    // Now and then of a read that nobody knows.
    const of = this.#random.below(20) === 0 ? new Uint8Array(16).fill(7) : id
    return encodeFetch({ id: of, provider, bytes, requests: 2, failed: this.#random.below(2) })
  }
}

function execOf({ id, ts, domain, space, provider, region }: ReadEntry): Uint8Array {
  const sizes = { cpuUs: 5, diskReadBytes: 1n, diskWriteBytes: 0n, code: null, exit: 0 }
  const own = new Uint8Array(16).fill(9)
  return encodeExec({ id: own, ts, domain, space, provider, region, read: id, ...sizes })
}
