/**
 * A log of a few hours in memory, and statement bundles of it: for tests of what verifies them.
 * @module
 */
import { makeBundle } from '@turnpike/accounting/bundle/make'
import type { BundleOptions } from '@turnpike/accounting/bundle/make'
import { sealedStatement } from '@turnpike/accounting/epochs/statements'
import { LogReader } from '@turnpike/accounting/reader'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { decodeState } from '@turnpike/accounting/state'
import { billOf } from '@turnpike/accounting/statement/bill'
import { Gatherer } from '@turnpike/accounting/statement/gather'
import type { Statement, StatementLine } from '@turnpike/accounting/statement/statement'
import { SummaryCount } from '@turnpike/accounting/summary-count'
import { readOf, testHasher, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { GIB_BYTES } from '@turnpike/core/billing/money'
import { periodOf } from '@turnpike/core/billing/period'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import { addQuantities, quantitiesOf } from '@turnpike/core/billing/quantities'
import { anchorFile, anchorPath } from '@turnpike/core/epochs/anchor-file'
import { finalFile, finalPath } from '@turnpike/core/epochs/final-file'
import { rootFile, rootPath } from '@turnpike/core/epochs/root-file'
import { encodeExec, encodeFetch, encodeRead, encodeVoid } from '@turnpike/core/log/encode'
import { DENY } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { leafHash } from '@turnpike/core/merkle/hash'
import { encodeNote, signNote } from '@turnpike/core/note/note'
import type { NoteSigner } from '@turnpike/core/note/note'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'

/** Hours that have entries; the last one is not sealed. */
export const HOURS: readonly number[] = [490_000, 490_001, 490_003, 490_004]
/** Spaces of the account whose statement it is, and one of somebody else. */
export const SPACES: readonly string[] = ['did:key:zAlice1', 'did:key:zAlice2']
const SPACE_OF_BOB = 'did:key:zBob'
const ACCOUNT = 'did:mailto:example.com:alice'

/** Dear enough that a few thousand bytes cost something. */
const PLAN = {
  ...FREE_PLAN,
  name: 'Metered',
  currency: 'EUR',
  feeMicros: 7_000_000n,
  egress: {
    ...FREE_PLAN.egress,
    includedBytes: 5000n,
    tiers: [{ upToBytes: 20_000n, microsPerGib: GIB_BYTES * 3n }],
    overageMicrosPerGib: GIB_BYTES,
  },
  storage: { includedBytes: 100n, tiers: [], overageMicrosPerGib: GIB_BYTES * 1000n },
}

/** A log with published epochs, and a statement of one account. */
export interface BundleRig {
  readonly store: MemoryLogStore
  readonly reader: LogReader
  readonly signer: NoteSigner
  readonly statement: Statement
  /** Published files, by their paths. */
  readonly files: Map<string, Uint8Array>
  /** The text of a bundle, of the statement or another. */
  bundle(options?: Partial<BundleOptions>, statement?: Statement): Promise<string>
}

/**
 * Fills a log: reads of three spaces, some refused, with fetches, executions and VOIDs, which also
 * point back into hours before.
 *
 * @param readsAnHour of each space
 * @example
 * const rig = await bundleRig()
 * const text = await rig.bundle({ listsEntries: true })
 */
export async function bundleRig(
  readsAnHour = 12,
  signer: NoteSigner = testSigner('gateway.example/log'),
): Promise<BundleRig> {
  const store = new MemoryLogStore()
  await fill(store, signer, readsAnHour)
  const state = decodeState(testHasher, store.load()!.bytes)
  const reader = new LogReader(store, testHasher, state)
  const files = await published(reader, signer)
  const statement = await statementOf(reader)
  const breathe = async (): Promise<void> => {}
  const sources = { reader, signer, files: { get: async (p: string) => files.get(p) }, breathe }
  const bundle: BundleRig['bundle'] = (options, other = statement) =>
    makeBundle(other, sources, { listsEntries: false, ...options })
  return { store, reader, signer, statement, files, bundle }
}

async function fill(store: MemoryLogStore, signer: NoteSigner, reads: number): Promise<void> {
  const journal = new MemoryJournal('0')
  const inbox = new MemoryJournal(INBOX_JOURNAL)
  const clock = new TestClock(HOURS[0]! * EPOCH_MS)
  const ports = { clock, random: testRandom(), hasher: testHasher, signer }
  const sequencer = new Sequencer({ ...ports, store, journals: () => [journal, inbox] })
  let n = 0
  for (const [i, hour] of HOURS.entries()) {
    clock.pass(hour * EPOCH_MS - clock.nowMs())
    // The last fetch of the hour before comes late.
    if (n > 0) journal.append([fetchOf(n - 1)])
    for (let k = 0; k < reads * 3; k++) journal.append(groupOf(n++))
    // Takes back a read of the first hour, in each hour after it.
    if (i > 0) inbox.append([voidOf(4 * i)])
    for (let more = true; more;) {
      const { ok: round, error } = await sequencer.round()
      if (round === undefined) throw error
      more = round.more || round.sealed !== undefined
    }
  }
}

function fieldsOf(n: number): Partial<ReadEntry> {
  const space = [...SPACES, SPACE_OF_BOB][n % 3]!
  const region = n % 2 === 0 ? 'eu' : 'us'
  if (n % 10 !== 9) return { space, region, bytes: BigInt(100 + n) }
  return { space, region, bytes: 0n, flags: 0, deny: DENY.address, status: 429, count: 3 }
}

function groupOf(n: number): Uint8Array[] {
  const read = readOf(n, fieldsOf(n))
  const group = [encodeRead(read)]
  if (n % 5 === 0) group.push(fetchOf(n))
  if (n % 7 !== 0) return group
  const { ts, domain, space, provider, region } = read
  const id = new Uint8Array(16).fill(n % 251)
  const spent = { cpuUs: 9, diskReadBytes: 1n, diskWriteBytes: 2n, code: null, exit: 0 }
  group.push(encodeExec({ id, ts, domain, space, provider, region, read: read.id, ...spent }))
  return group
}

function fetchOf(n: number): Uint8Array {
  const { id } = readOf(n)
  return encodeFetch({ id, provider: 'did:key:zNode', bytes: 50n, requests: 2, failed: 1 })
}

/** Entries 0 to 3 are READ, FETCH, EXEC, READ, and so on: those here are READs. */
function voidOf(n: number): Uint8Array {
  const leaf = leafHash(testHasher, encodeRead(readOf(n, fieldsOf(n))))
  const id = new Uint8Array(16).fill(200 + n)
  return encodeVoid({ id, ts: readOf(n).ts, index: indexOf(n), leaf, reason: 1 })
}

/** Index of read `n` of the first hour. */
function indexOf(n: number): number {
  let index = 0
  for (let i = 0; i < n; i++) index += groupOf(i).length
  return index
}

async function published(reader: LogReader, signer: NoteSigner): Promise<BundleRig['files']> {
  const files = new Map<string, Uint8Array>()
  for (const { epoch, end } of await reader.epochs(0)) {
    if (epoch === HOURS.at(-1)) continue
    const { statement } = await sealedStatement(reader, end, signer)
    files.set(rootPath(epoch), await rootFile(statement, signer, testHasher))
    const anchors = [{ anchor: 'local', state: 'final', proof: { kind: 'local' } }] as const
    const about = { ...statement, anchors }
    files.set(anchorPath(epoch), await anchorFile(about, signer, testHasher))
    files.set(finalPath(epoch), await finalFile({ ...about, issuance: {} }, signer, testHasher))
  }
  return files
}

async function statementOf(reader: LogReader): Promise<Statement> {
  const gatherer = new Gatherer({ linesMax: 1000, spacesMax: 10 })
  const lines = new Map<string, StatementLine[]>(SPACES.map((space) => [space, []]))
  for (const { epoch, first, end } of await reader.epochs(0)) {
    const isOpen = epoch === HOURS.at(-1)
    const count = await SummaryCount.from(reader, first, isOpen ? end : end - 1)
    for (const [space, ofSpace] of lines) {
      let used = quantitiesOf(NOTHING, 7n)
      for (const row of count.rows(testRandom()))
        if (row.space === space)
          used = addQuantities(used, quantitiesOf({ ...row, reads: row.reads + row.denied }, 0n))
      ofSpace.push({ space, epoch, billedEpoch: epoch, ...used })
    }
  }
  for (const ofSpace of lines.values()) gatherer.add(ofSpace)
  const gathered = gatherer.gathered()
  const period = periodOf(HOURS[0]!)
  const stretches = [{ plan: PLAN, ...period }]
  const opening = { grants: [], creditBytes: 0n, balances: [] }
  const bill = billOf(stretches, gathered.hours, opening, period)
  const about = { status: 'draft', period, gateway: 'did:web:gateway.example' } as const
  return { ...about, account: ACCOUNT, asOfEntry: reader.state.size, ...gathered, bill }
}

const NOTHING = { bytes: 0n, bytesVoided: 0n, bytesFetched: 0n, reads: 0, denied: 0 }

/**
 * A bundle with something changed, signed anew: what an operator would sign who lies.
 *
 * @example
 * const lie = await signedAnew(text, rig.signer, (body) => { body.epochs.pop() })
 */
export async function signedAnew(
  text: string,
  signer: NoteSigner,
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into all of it
  change: (body: any) => void,
): Promise<string> {
  const { claim, ...body } = JSON.parse(text)
  change(body)
  const [line] = String(claim).split('\n')
  const digest = (part: string): string =>
    Buffer.from(testHasher.sha256(Buffer.from(part))).toString('hex')
  const bundle = digest(JSON.stringify(body))
  const fields = { ...JSON.parse(line!), statement: digest(String(body.statement)), bundle }
  const signed = `${JSON.stringify(fields)}\n`
  const note = { text: signed, signatures: [await signNote(signed, signer, testHasher)] }
  return `${JSON.stringify({ ...body, claim: Buffer.from(encodeNote(note)).toString() })}\n`
}
