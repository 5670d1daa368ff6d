/**
 * Data folders with journals, a log, and epochs that are final, stopped as a deployment stops: for
 * tests of the audit of receipts.
 * @module
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'
import { Accounting } from '@turnpike/accounting/accounting'
import { EntryDropper } from '@turnpike/accounting/retention/drop-entries'
import { readOf, testRandom } from '@turnpike/accounting/testing/entries'
import { TestClock } from '@turnpike/accounting/testing/memory'
import { ackMessage } from '@turnpike/core/acks/receipt-ack'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { SEAL_DELAY_MS } from '@turnpike/core/limits/log'
import { encodeAck, encodeFetch, encodeRead, encodeVoid } from '@turnpike/core/log/encode'
import { DENY } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { leafHash } from '@turnpike/core/merkle/hash'
import { ACK_SOURCE, VOID_SOURCE } from '@turnpike/core/ports/inbox'
import { accountingPaths, openAccounting } from '@turnpike/node/accounting/open'
import { openBilling } from '@turnpike/node/billing/database'
import { adoptPolicy, seedCredits } from '@turnpike/node/credits/events'
import { termsOf } from '@turnpike/node/credits/testing/credits'
import { folderPaths } from '@turnpike/node/folder/layout'
import { nodeHasher } from '@turnpike/node/hasher'
import { openInbox } from '@turnpike/node/inbox/inbox'
import { journalSource } from '@turnpike/node/journal/source'
import { openSmall } from '@turnpike/node/journal/testing/folder'
import { SqliteLedger } from '@turnpike/node/ledger/ledger'
import { FileLogStore } from '@turnpike/node/log/log-store'
import { openLogSigner } from '@turnpike/node/log/signer'

/** Name of the logs. */
export const ORIGIN = 'gateway.example/log'
/** Slots of the journals. In the second, a read is open at the stop. */
export const SLOTS: readonly string[] = ['0', '1']
/** The first hour: the real clock makes epochs final, so that it may not be long ago. */
export const FIRST: number = epochOf(Date.now()) - 20

/** What to fill a folder with. */
export interface FillOptions {
  /** Reads in each hour. */
  readonly hours: readonly number[]
  /** Hours whose entries are dropped, counted from the first. */
  readonly dropHours?: number
  /** The log that a reader acknowledges a read to; this one by default. */
  readonly ackOrigin?: string
}

/**
 * Fills `data`, leads its epochs to final, and stops.
 *
 * @example
 * await fillReceipts(data, { hours: [300, 40] })
 */
export async function fillReceipts(data: string, options: FillOptions): Promise<void> {
  await new Filling(data).run(options)
  await govern(data)
  await makeFinal(data)
}

class Filling {
  readonly #data: string
  readonly #clock = new TestClock(FIRST * EPOCH_MS)
  #reads = 0

  constructor(data: string) {
    this.#data = data
  }

  async run(options: FillOptions): Promise<void> {
    const { hours, dropHours = 0 } = options
    const paths = accountingPaths(this.#data)
    const signer = await openLogSigner(folderPaths(this.#data).keys, ORIGIN)
    const folders = SLOTS.map((slot) => join(paths.journals, slot))
    const journals = await Promise.all(folders.map((folder) => openSmall(folder, SMALL_RESERVE)))
    const store = await FileLogStore.open(paths.log)
    const ledger = new SqliteLedger(paths.ledger)
    const inbox = openInbox(paths.inbox)
    const sources = SLOTS.map((slot, i) => journalSource(folders[i]!, slot))
    const accounting = new Accounting({
      store,
      ledger,
      journals: () => [...sources, inbox],
      clock: this.#clock,
      random: testRandom(),
      hasher: nodeHasher,
      signer,
    })
    const catchUp = async (): Promise<void> => {
      const { error } = await accounting.catchUp()
      if (error !== undefined) throw error
    }
    for (const [hour, reads] of hours.entries()) {
      for (let i = 0; i < reads; i++) journals[i % 2]!.admit()!.end(this.#group())
      for (const journal of journals) await journal.flush()
      // A read of the first hour is voided in the second, and acknowledged in the third.
      if (hour === 1) await inbox.accept(VOID_SOURCE, [groupOf(voidOf())])
      if (hour === 2) await inbox.accept(ACK_SOURCE, [groupOf(ackOf(options.ackOrigin ?? ORIGIN))])
      await catchUp()
      this.#clock.pass(EPOCH_MS)
    }
    this.#clock.pass(SEAL_DELAY_MS)
    await catchUp()
    if (dropHours > 0) {
      const bounds = { epochsMax: 100, bundlesMax: 100, windowEntries: 16 }
      const beforeEpoch = FIRST + dropHours
      const dropper = new EntryDropper(store, nodeHasher, ledger, bounds)
      await dropper.drop({ beforeEpoch, beforeIndex: Number.MAX_SAFE_INTEGER })
    }
    // One read stays open: its mark is all that is known of it.
    const open = journals[1]!.admit()!
    open.start(readOf(999_999))
    open.mark(2 ** 24, readOf(999_999).ts + 60_000)
    for (const journal of journals) await journal.close()
    for (const file of [ledger, inbox, store]) file.close()
  }

  #group(): Uint8Array[] {
    const n = this.#reads++
    const read = readOf(n, fieldsOf(n))
    if (n % 5 > 0) return [encodeRead(read)]
    const fetched = { provider: 'did:key:zNode', bytes: 9n, requests: 1, failed: 0 }
    return [encodeRead(read), encodeFetch({ id: read.id, ...fetched })]
  }
}

/** Index of the second read of the first journal: one before it has two entries. */
const INDEX = 2
const READ = readOf(INDEX, fieldsOf(INDEX))
const LEAF = leafHash(nodeHasher, encodeRead(READ))

function voidOf(): Uint8Array {
  return encodeVoid({ id: READ.id, ts: READ.ts, index: INDEX, leaf: LEAF, reason: 1 })
}

/** The read as its reader acknowledges it, towards a log of this name. */
function ackOf(origin: string): Uint8Array {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { bytes, ts } = READ
  const receipt = receiptNonceOf(READ.id, nodeHasher)
  const signature = sign(null, ackMessage(origin, { receipt, bytes, ts }), privateKey)
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return encodeAck({ index: INDEX, leaf: LEAF, bytes, key, signature, ts })
}

function groupOf(entry: Uint8Array): { key: Uint8Array; entries: Uint8Array[] } {
  return { key: LEAF, entries: [entry] }
}

const SMALL_RESERVE = { reserveBytes: 4096 }

function fieldsOf(n: number): Partial<ReadEntry> {
  const [space, region] = [`did:key:z${n % 3}`, n % 2 === 0 ? 'eu' : 'us']
  const bytes = BigInt(1000 + n)
  if (n % 7 > 0) return { space, region, bytes }
  return { space, region, bytes: 0n, flags: 0, deny: DENY.authorization, status: 403, count: 3 }
}

/** A pool, and a policy by which a cap, the budget and the pool each limit what is issued. */
async function govern(data: string): Promise<void> {
  const { ok: billing, error } = openBilling(accountingPaths(data).billing)
  if (billing === undefined) throw error
  const before = FIRST - 1
  const decision = { note: '', epoch: FIRST, nowEpoch: before, nowMs: before * EPOCH_MS }
  const terms = termsOf({
    epochBudget: '0.05',
    regions: { us: { weight: '0.5', cap: '0.004' } },
  })
  for (const result of [
    seedCredits(billing, 60_000n, { ...decision, id: 'seed-1' }),
    seedCredits(billing, 7n, { ...decision, id: 'seed-2', epoch: FIRST + 1 }),
    adoptPolicy(billing, terms, { ...decision, id: 'policy-1' }),
  ])
    if (result.error !== undefined) throw result.error
  billing.close()
}

/** Runs the job of epochs once, as a deployment does, without a journal in use. */
export async function makeFinal(data: string): Promise<void> {
  const options = { dataDir: data, origin: ORIGIN, slotsInUse: 'all' } as const
  const { ok: accounting, error } = await openAccounting(options)
  if (accounting === undefined) throw error
  try {
    const job = accounting.jobs.find(({ name }) => name === 'epochs')!
    await job.run(new AbortController().signal)
  } finally {
    await accounting.close()
  }
}
