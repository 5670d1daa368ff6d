import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { auditLedger } from '@turnpike/audit/audit-ledger'
import type { LedgerAudit } from '@turnpike/audit/audit-ledger'
import { withChecksum } from '@turnpike/accounting/retention/checksum'
import { RightEdge } from '@turnpike/accounting/right-edge'
import { decodeState, emptyState, encodeState } from '@turnpike/accounting/state'
import type { LogState } from '@turnpike/accounting/state'
import { decodeEntry } from '@turnpike/core/log/decode'
import { encodeSeal } from '@turnpike/core/log/encode'
import type { SealEntry } from '@turnpike/core/log/entry'
import { readBundle } from '@turnpike/core/merkle/bundle'
import { nodeHasher } from '@turnpike/node/hasher'
import { FETCH_WINDOW_ENTRIES, Readers } from '@turnpike/audit/charge'
import type { Fetch, Read } from '@turnpike/audit/entry'
import { Random } from '../campaigns/rig/random.ts'
import { FIRST_EPOCH, FilledFolder } from './folder.ts'

const scratch = mkdtempSync(join(tmpdir(), 'turnpike-audit-test-'))
/** Two days in five hours, some entries voided, all entries kept. */
const WHOLE = join(scratch, 'whole')
/** The same, with entries of the first hours dropped. */
const DROPPED = join(scratch, 'dropped')
const WINDOW = 64
const NO_WAL = 'PRAGMA journal_mode = DELETE'

before(async () => {
  for (const data of [WHOLE, DROPPED]) {
    const folder = await FilledFolder.make(data, new Random(1))
    for (const entries of [900, 5, 700, 1, 90]) {
      await folder.hour(entries)
      if (entries > 5) for (let i = 0; i < 20; i++) await folder.void(entries + 7 * i)
    }
    await folder.catchUp()
    if (data === DROPPED) await folder.drop(4, WINDOW)
    folder.close()
  }
})
after(() => rmSync(scratch, { recursive: true }))

function assertHolds(audit: LedgerAudit): void {
  assert.deepEqual(audit.differences, [])
  assert.ok(audit.holds)
}

test('a log with its ledger holds, over hours, days and a month’s end', async () => {
  const audit = await auditLedger(WHOLE)
  assertHolds(audit)
  assert.ok(audit.entries > 1700 && audit.summed === audit.entries)
  assert.equal(audit.epochs, 5)
  const database = new DatabaseSync(join(WHOLE, 'ledger.sqlite'), { readOnly: true })
  const sums = database.prepare('SELECT sum(bytes_voided) AS b FROM space_month').get()!
  database.close()
  assert.ok(Number(sums['b']) > 0, 'something was voided')
})

test('a log whose old entries were dropped holds by hashes, SEALs, rows and sums', async () => {
  const bundles = (data: string): number => readdirSync(join(data, 'log/tile/entries')).length
  assert.ok(bundles(DROPPED) < bundles(WHOLE), 'some are gone')
  const [whole, dropped] = [await auditLedger(WHOLE), await auditLedger(DROPPED)]
  assertHolds(dropped)
  assert.equal(dropped.root, whole.root)
})

test('entries that go while a log is audited are no difference, but said', async () => {
  const data = mkdtempSync(join(scratch, 'going-'))
  cpSync(WHOLE, data, { recursive: true })
  const gone = 'log/tile/entries/001'
  assert.ok(!existsSync(join(DROPPED, gone)), 'that bundle goes')
  const onProgress = (): void => {
    cpSync(join(DROPPED, 'log/kept'), join(data, 'log/kept'))
    rmSync(join(data, gone), { force: true })
  }
  await assert.rejects(auditLedger(data, { onProgress }), { name: 'EntriesWent' })
})

test('an audit leaves no file and no byte changed', async () => {
  const files = (): string[] => readdirSync(WHOLE, { recursive: true }).map(String).toSorted()
  const names = files()
  const ledger = readFileSync(join(WHOLE, 'ledger.sqlite'))
  await auditLedger(WHOLE)
  assert.deepEqual(files(), names)
  assert.deepEqual(readFileSync(join(WHOLE, 'ledger.sqlite')), ledger)
})

test('a folder without a log holds; a log without a ledger does not', async () => {
  const data = join(scratch, 'part')
  assertHolds(await auditLedger(data))
  cpSync(join(WHOLE, 'log'), join(data, 'log'), { recursive: true })
  const { differences } = await auditLedger(data)
  assert.equal(differences[0]?.where, 'ledger.sqlite')
})

test('a ledger that lags behind holds for what it has summed', async () => {
  const data = join(scratch, 'lag')
  const folder = await FilledFolder.make(data, new Random(2))
  await folder.hour(300)
  cpSync(join(data, 'ledger.sqlite'), join(data, 'old.sqlite'))
  cpSync(join(data, 'ledger.sqlite-wal'), join(data, 'old.sqlite-wal'))
  await folder.hour(40)
  folder.close()
  rmSync(join(data, 'ledger.sqlite'))
  cpSync(join(data, 'old.sqlite'), join(data, 'ledger.sqlite'))
  cpSync(join(data, 'old.sqlite-wal'), join(data, 'ledger.sqlite-wal'))
  const audit = await auditLedger(data)
  assertHolds(audit)
  assert.ok(audit.summed < audit.entries && audit.summed >= 300)
})

/** Changes to a folder, and where the audit must find them. */
const TAMPERINGS: readonly (readonly [
  name: string,
  change: (data: string) => void,
  where: RegExp,
])[] = [
  [
    'a byte more for a space in an hour',
    sql('UPDATE space_hour SET bytes = bytes + 1 WHERE rowid_is(2)'),
    /space_hour \d+, space "did:key/,
  ],
  ['a space’s day', sql('UPDATE space_day SET bytes = bytes - 1'), /space_day/],
  ['the total of an hour', sql('UPDATE total_hour SET reads = reads + 1'), /total_hour \d+$/m],
  ['the total of a month', sql('DELETE FROM total_month'), /total_month/],
  ['a space’s month', sql('UPDATE space_month SET bytes_fetched = 1'), /space_month/],
  ['a row of an hour that is gone', sql('DELETE FROM space_hour WHERE space = 1'), /space_hour/],
  [
    'a row of an hour that no entry made',
    sql('INSERT INTO space_hour SELECT time + 1, 99, 1, 0, 0, 1, 1, 0, 0 FROM space_hour LIMIT 1'),
    /space_hour/,
  ],
  [
    'an hour without entries',
    sql('INSERT INTO space_hour VALUES (9, 1, 1, 0, 0, 1, 1, 0, 0)'),
    /space_hour 9,/,
  ],
  [
    'a read moved to another CID',
    sql("UPDATE cid_hour SET cid = CAST(x'00' || cid AS BLOB)"),
    /cid_/,
  ],
  ['reads that were refused', sql('UPDATE cid_hour SET denied = 0'), /cid_hour/],
  ['a space by another name', sql("UPDATE space SET name = 'did:key:x' WHERE id = 1"), /did:key/],
  [
    'a VOID that is gone',
    sql('DELETE FROM voided WHERE target = (SELECT min(target) FROM voided)'),
    /voided/,
  ],
  ['a VOID of nothing', sql('INSERT INTO voided VALUES (3, 1, 9, 9, 5, 1)'), /voided/],
  ['a VOID credited to another hour', sql('UPDATE voided SET target_epoch = 1'), /voided/],
  ['bytes drawn from a provider', sql('UPDATE fetched SET bytes = bytes * 2'), /fetched/],
  ['a provider by another name', sql("UPDATE provider SET name = 'x' WHERE id = 1"), /fetched/],
  ['a watermark moved back', sql('UPDATE standing SET watermark = watermark - 300'), /ledger/],
  ['a watermark beyond the log', sql('UPDATE standing SET watermark = 1e9'), /ledger.*watermark/],
  ['a byte of an entry', flip('log/tile/entries/001', 30), /^log\/tile\/entries\/001, entry 0 /],
  ['a bundle that is gone', (data) => rmSync(join(data, 'log/tile/entries/001')), /entries\/001/],
  ['a bundle cut short', cut('log/tile/entries/002'), /entries\/002/],
  ['a hash of a tile', flip('log/tile/0/002', 40), /tile\/0\/002, hash 1/],
  ['a tile that is gone', (data) => rmSync(join(data, 'log/tile/0/003')), /tile\/0\/003/],
  ['a byte of a summary row', flip(`log/rows/${FIRST_EPOCH}`, 60), /log\/rows/],
  [
    'summary rows that are gone',
    (data) => rmSync(join(data, `log/rows/${FIRST_EPOCH}`)),
    /log\/rows/,
  ],
  ['the checkpoint’s root', flip('log/checkpoint', 40), /log\/checkpoint/],
  ['a checkpoint beyond the log', text('log/checkpoint', 'o\n999999\nAAAA\n'), /log\/checkpoint/],
  ['the state’s root', state((s) => ({ ...s, root: new Uint8Array(32) })), /head\.sqlite, root/],
  ['the state’s last SEAL', state((s) => ({ ...s, sealed: { epoch: 1, end: 1 } })), /last SEAL/],
  ['the state’s right edge', state((s) => ({ ...s, tiles: [] })), /levels of tiles/],
]

/** Runs SQL on the ledger. */
function sql(statement: string): (data: string) => void {
  return (data) => {
    const database = new DatabaseSync(join(data, 'ledger.sqlite'))
    const first = '(time, space) = (SELECT time, space FROM space_hour LIMIT 1)'
    const { changes } = database.prepare(statement.replace(/rowid_is\(\d\)/, first)).run()
    assert.ok(Number(changes) > 0, 'it changes something')
    database.exec(NO_WAL)
    database.close()
  }
}

/** Flips a bit of the byte at `at`. */
function flip(path: string, at: number): (data: string) => void {
  return (data) => {
    const bytes = readFileSync(join(data, path))
    bytes[at]! ^= 1
    writeFileSync(join(data, path), bytes)
  }
}

function cut(path: string): (data: string) => void {
  return (data) => {
    const bytes = readFileSync(join(data, path))
    writeFileSync(join(data, path), bytes.subarray(0, -3))
  }
}

function text(path: string, content: string): (data: string) => void {
  return (data) => writeFileSync(join(data, path), content)
}

/** Changes the committed state, checksum and all. */
function state(change: (state: LogState) => LogState): (data: string) => void {
  return (data) => {
    const database = new DatabaseSync(join(data, 'log/head.sqlite'))
    const row = database.prepare('SELECT state FROM head').get()!
    const changed = change(decodeState(nodeHasher, row['state'] as Uint8Array))
    database.prepare('UPDATE head SET state = ?').run(encodeState(nodeHasher, changed))
    database.exec(NO_WAL)
    database.close()
  }
}

for (const [name, change, where] of TAMPERINGS)
  test(`the audit finds ${name}`, async () => {
    const data = mkdtempSync(join(scratch, 'tampered-'))
    cpSync(WHOLE, data, { recursive: true })
    change(data)
    const { holds, differences, differencesCount } = await auditLedger(data)
    assert.ok(!holds && differencesCount >= differences.length)
    assert.match(differences.map((one) => one.where).join('\n'), where)
    for (const { expected, found } of differences) assert.notEqual(expected, found)
  })

test('the audit finds sums of a dropped hour that the SEAL does not have', async () => {
  const data = mkdtempSync(join(scratch, 'tampered-'))
  cpSync(DROPPED, data, { recursive: true })
  const path = join(data, 'log', `sums/${FIRST_EPOCH}`)
  const bytes = readFileSync(path)
  const body = bytes.subarray(0, -32)
  // The last byte of the last row: how many requests failed, or a neighbour of it.
  const at = body.indexOf('did:key:z0') + 'did:key:z0'.length
  body[at]! ^= 1
  writeFileSync(path, withChecksum(nodeHasher, body))
  const { differences } = await auditLedger(data)
  assert.match(differences[0]!.where, /log\/sums/)
})

test('the audit finds a log that voids a read twice', async () => {
  const data = join(scratch, 'twice')
  const folder = await FilledFolder.make(data, new Random(3))
  await folder.hour(30)
  for (const again of [0, 1]) await folder.void(0, again)
  await folder.catchUp()
  folder.close()
  const { differences } = await auditLedger(data)
  assert.match(differences[0]!.expected, /one VOID of entry 0/)
})

/** What a wrong sequencer would have written in place of its second SEAL. */
const FORGED_SEALS: readonly (readonly [field: string, forged: Partial<SealEntry>])[] = [
  ['previousEpoch', { previousEpoch: 1 }],
  ['previousEpoch', { previousEpoch: null }],
  ['first', { first: 1 }],
  ['end', { end: 1 }],
  ['previousRoot', { previousRoot: new Uint8Array(32) }],
  ['epoch', { epoch: 1 }],
  ['sealed', { sealed: 1 }],
  ['root', { summaryRoot: new Uint8Array(32) }],
]
for (const [field, forged] of FORGED_SEALS)
  test(`the audit finds a SEAL with another ${Object.keys(forged)[0]}: ${field}`, async () => {
    const data = mkdtempSync(join(scratch, 'forged-'))
    const folder = await FilledFolder.make(data, new Random(4))
    for (const entries of [20, 20]) await folder.hour(entries)
    await folder.seal()
    folder.close()
    state((honest) => forgeLast(honest, forged))(data)
    rmSync(join(data, 'log/checkpoint'))
    const { differences } = await auditLedger(data)
    assert.match(differences.map((one) => one.where).join(), new RegExp(field))
  })

/** A state whose last entry, a SEAL, is another: hashes and all. */
function forgeLast(honest: LogState, forged: Partial<SealEntry>): LogState {
  const entries = readBundle(honest.bundle, honest.size)!
  const last = decodeEntry(entries.at(-1)!).ok!
  assert.equal(last.kind, 'seal')
  const edge = new RightEdge(nodeHasher, emptyState(nodeHasher))
  for (const bytes of entries.slice(0, -1)) edge.append(bytes)
  edge.append(encodeSeal({ ...(last.entry as SealEntry), ...forged }))
  return { ...honest, ...edge.snapshot() }
}

const EXEC = { kind: 'exec', space: '', provider: '', region: '' } as const

test('a FETCH finds its READ among the 65,535 entries before it, and no further', () => {
  const id = new Uint8Array(16).fill(1)
  const read = { kind: 'read', id } as Read
  const fetch = { kind: 'fetch', id } as Fetch
  for (const [distance, found] of [
    [1, true],
    [FETCH_WINDOW_ENTRIES, true],
    [FETCH_WINDOW_ENTRIES + 1, false],
  ] as const) {
    const readers = new Readers()
    readers.note(10, read)
    for (let i = 1; i < distance; i++) readers.note(10 + i, EXEC)
    assert.equal(readers.of(10 + distance, fetch) !== undefined, found, String(distance))
  }
})
