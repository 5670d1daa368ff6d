/**
 * The audit of log, journals and receipts: whatever is changed in a stopped folder is found and
 * named. `TURNPIKE_TAMPER_PLACES` says in how many places of each file, 1 by default.
 * @module
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkMisbehaviour } from '@turnpike/audit/check-misbehaviour'
import { FILE_BYTES_MAX } from '@turnpike/audit/files'
import type { Difference } from '@turnpike/audit/findings'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { auditFolder } from '@turnpike/audit/receipts-folder/audit-folder'
import { checkFolder } from '@turnpike/audit/receipts-folder/fsck'
import { finalFile, parseFinalFile } from '@turnpike/core/epochs/final-file'
import { parseRootFile, rootFile } from '@turnpike/core/epochs/root-file'
import { folderPaths } from '@turnpike/node/folder/layout'
import { nodeHasher } from '@turnpike/node/hasher'
import { journalSource } from '@turnpike/node/journal/source'
import { openSmall, record } from '@turnpike/node/journal/testing/folder'
import { openLogSigner } from '@turnpike/node/log/signer'
import { Random } from '../campaigns/rig/random.ts'
import { FIRST, ORIGIN, fillReceipts } from './receipts-rig.ts'

const scratch = mkdtempSync(join(tmpdir(), 'turnpike-receipts-test-'))
/** Two full bundles, four epochs, entries of the first two let go. */
const DATA = join(scratch, 'data')
const AUDITED = ['journal', 'log', 'receipts']
const WALS = ['journal/0', 'journal/1'].map((slot) => `${slot}/00000000000000000000.wal`)
const PLACES = Number(process.env['TURNPIKE_TAMPER_PLACES'] ?? 1)

before(() => fillReceipts(DATA, { hours: [300, 250, 5, 20], dropHours: 2 }))
after(() => rmSync(scratch, { recursive: true }))

/** Paths of all files that are audited. */
function files(data = DATA): string[] {
  return AUDITED.flatMap((folder) =>
    readdirSync(join(data, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1)),
  ).toSorted()
}

/** A copy that a test may change as it likes. */
function copy(): string {
  const data = mkdtempSync(join(scratch, 'copy-'))
  cpSync(DATA, data, { recursive: true })
  return data
}

/** Puts a file back after `work` has changed it. */
async function changing(path: string, work: (bytes: Buffer) => Promise<void>): Promise<void> {
  const bytes = readFileSync(join(DATA, path))
  try {
    await work(bytes)
  } finally {
    writeFileSync(join(DATA, path), bytes)
  }
}

const named = (differences: readonly Difference[]): string =>
  differences.map(({ where }) => where).join('\n')

test('a folder that was stopped cleanly holds, and is as it was afterwards', async () => {
  const names = readdirSync(DATA, { recursive: true }).map(String).toSorted()
  const audit = await auditFolder(DATA)
  assert.deepEqual(audit.differences, [])
  assert.ok(audit.holds && audit.isClean && !audit.isPinned)
  assert.deepEqual([audit.sealed, audit.filesLeft], [4, 0])
  // All of both seeds: 60,000 and 7.
  assert.deepEqual(audit.epochs, { batched: 4, anchored: 4, final: 4, issued: 60_007n })
  assert.deepEqual(audit.acks, { count: 1, bytes: 1002n })
  assert.equal(audit.key, readFileSync(join(DATA, 'receipts/log.vkey'), 'utf8').trim())
  const check = checkFolder(DATA)
  assert.deepEqual(check.differences, [])
  assert.ok(check.holds && check.isClean)
  assert.deepEqual(readdirSync(DATA, { recursive: true }).map(String).toSorted(), names)
})

/** Places in a file: all of a small one, else the last, and some before. */
function places(length: number, random: Random): number[] {
  if (length <= Math.max(PLACES, 12)) return [...Array(length).keys()]
  return [...Array.from({ length: PLACES }, () => random.below(length - 1)), length - 1]
}

test('I16: one byte changed in any file is found, and the file is named', async () => {
  const random = new Random(16)
  for (const path of files())
    await changing(path, async (bytes) => {
      for (const at of places(bytes.length, random)) {
        const changed = bytes.with(at, bytes[at]! ^ (1 << random.below(8)))
        writeFileSync(join(DATA, path), changed)
        const { holds, differences } = await auditFolder(DATA)
        assert.ok(!holds, `${path}, byte ${at}`)
        assert.ok(named(differences).includes(path), `${path}, byte ${at}: ${named(differences)}`)
      }
    })
  assert.ok((await auditFolder(DATA)).holds)
})

test('I16: a byte too many or too few, and no file at all, are found and named', async () => {
  for (const path of files()) {
    await changing(path, async (bytes) => {
      const isEven = bytes.length % 2 === 0
      const changed = isEven ? bytes.subarray(0, -1) : Buffer.concat([bytes, Buffer.alloc(1)])
      writeFileSync(join(DATA, path), changed)
      const sized = await auditFolder(DATA)
      assert.ok(named(sized.differences).includes(path), `${path}: ${named(sized.differences)}`)
      rmSync(join(DATA, path))
      const { holds, isClean, differences } = await auditFolder(DATA)
      // Without its record a folder is one that was killed; a reserve may be lent.
      if (basename(path) === 'clean') assert.ok(holds && !isClean, path)
      else if (basename(path) === 'reserve') assert.ok(holds, path)
      else assert.ok(named(differences).includes(path), `no ${path}: ${named(differences)}`)
    })
  }
})

test('I16: a file that nothing vouches for is found and named', async () => {
  const tile = 'log/tile/0/x001/000'
  const [journal, log] = ['journal/0', 'log/temp']
  const receipts = [`receipts/read/${FIRST + 9}.root`, `receipts/read/${FIRST}.else`, 'receipts/x']
  const added = [tile, 'log/rows/1', 'log/sums/1', 'log/tile/entries/002', 'log/head.sqlite-wal']
  added.push('journal/x', `${journal}/spare.wal`, `${journal}/${'9'.repeat(20)}.wal`, `${log}/x`)
  for (const path of [...added, ...receipts]) {
    mkdirSync(join(DATA, path, '..'), { recursive: true })
    writeFileSync(join(DATA, path), 'x')
    const { differences } = await auditFolder(DATA)
    rmSync(join(DATA, path))
    assert.ok(named(differences).includes(path), `${path}: ${named(differences)}`)
  }
  assert.ok((await auditFolder(DATA)).holds)
})

test('an entry that was changed is named itself, though the tile is what disagrees', async () => {
  await changing('log/tile/entries/001', async (bytes) => {
    // The last byte of the bundle's first entry: its grade.
    const at = 1 + bytes.readUInt16BE(0)
    writeFileSync(join(DATA, 'log/tile/entries/001'), bytes.with(at, bytes[at]! ^ 1))
    const { differences } = await auditFolder(DATA)
    assert.deepEqual(
      differences.map(({ where }) => where),
      ['log/tile/entries/001, entry 0 (no. 256)'],
    )
  })
})

test('fsck finds what is missing, cut or wrongly signed', () => {
  const cuts = [`log/rows/${FIRST}`, `log/sums/${FIRST}`, 'log/tile/0/001', 'log/head.sqlite']
  cuts.push('log/tile/entries/001')
  cuts.push('journal/1/00000000000000000000.wal', 'journal/0/durable', 'log/checkpoint')
  for (const kind of ['root', 'anchor', 'final']) cuts.push(`receipts/read/${FIRST}.${kind}`)
  for (const path of cuts) {
    const data = copy()
    truncateSync(join(data, path), readFileSync(join(data, path)).length - 1)
    const { holds, differences } = checkFolder(data)
    assert.ok(!holds && named(differences).includes(path), `${path}: ${named(differences)}`)
  }
  // Entries of a bundle may have been let go of; hashes, rows and epochs' files never are.
  for (const path of ['log/tile/0/000', `log/rows/${FIRST + 2}`, `receipts/read/${FIRST}.final`]) {
    const data = copy()
    rmSync(join(data, path))
    mkdirSync(join(data, path))
    assert.ok(named(checkFolder(data).differences).includes(path), path)
  }
})

test('whole files, folders and records that are gone or stand elsewhere are found', async () => {
  const swapped = (a: string, b: string) => (data: string) => {
    renameSync(join(data, a), join(data, 'other'))
    renameSync(join(data, b), join(data, a))
    renameSync(join(data, 'other'), join(data, b))
  }
  const without =
    (...paths: string[]) =>
    (data: string) => {
      for (const path of paths) rmSync(join(data, path), { recursive: true })
    }
  const [first, second] = [`receipts/read/${FIRST}`, `receipts/read/${FIRST + 1}`]
  const billing = (bytes: string) => (data: string) =>
    writeFileSync(join(data, 'billing.sqlite'), bytes)
  for (const [where, change] of [
    [`${first}.root, epoch`, swapped(`${first}.root`, `${second}.root`)],
    [`${first}.anchor, epoch`, swapped(`${first}.anchor`, `${second}.anchor`)],
    [`${first}.final, epoch`, swapped(`${first}.final`, `${second}.final`)],
    ['journal/0/00000000000000000000.wal', swapped(WALS[0]!, WALS[1]!)],
    ['journal/0', without('journal')],
    ['receipts/log.vkey', without('receipts', 'billing.sqlite')],
    ['log/checkpoint', without('log/clean', 'log/checkpoint')],
    [`billing.sqlite, epoch ${FIRST}`, without('log', 'receipts')],
    ['billing.sqlite', billing('no database')],
  ] as const) {
    const data = copy()
    change(data)
    const { holds, differences } = await auditFolder(data)
    assert.ok(!holds && named(differences).split('\n').includes(where), named(differences))
  }
  const data = copy()
  rmSync(join(data, 'billing.sqlite'))
  const { holds, hasRecords } = await auditFolder(data)
  assert.deepEqual([holds, hasRecords], [true, false], 'which is said')
})

const noPipes = process.platform === 'win32' && 'no named pipes'

test('what never ends in the place of a file is no file', { skip: noPipes }, async () => {
  const paths = ['log/checkpoint', 'log/clean', 'log/head.sqlite', 'log/tile/entries/001']
  paths.push('receipts/log.vkey', `receipts/read/${FIRST}.root`, WALS[0]!, 'billing.sqlite')
  const data = copy()
  for (const [i, path] of paths.entries()) {
    const [at, kept] = [join(data, path), join(scratch, 'kept')]
    renameSync(at, kept)
    if (i % 2 === 0) execFileSync('mkfifo', [at])
    else symlinkSync('/dev/zero', at)
    const { differences } = await auditFolder(data)
    assert.ok(named(differences).includes(path), `${path}: ${named(differences)}`)
    assert.ok(named(checkFolder(data).differences).includes(path), path)
    rmSync(at)
    renameSync(kept, at)
  }
  assert.ok((await auditFolder(data)).holds)
  // Names of what any object has are no kinds of files.
  writeFileSync(join(data, 'receipts/read/1.constructor'), 'x')
  assert.ok(checkFolder(data).holds)
  truncateSync(join(data, 'receipts/log.vkey'), FILE_BYTES_MAX + 1)
  assert.match(named((await auditFolder(data)).differences), /^receipts\/log.vkey/)
})

test('a folder that was killed holds but for what no crash leaves', async () => {
  const data = copy()
  for (const path of ['log/clean', 'journal/0/clean', 'journal/1/clean']) rmSync(join(data, path))
  const wal = join(data, 'journal/0/00000000000000000000.wal')
  const frames = readFileSync(wal)
  // The start of a frame, and the room behind it.
  appendFileSync(wal, Buffer.concat([frames.subarray(0, 40), Buffer.alloc(100)]))
  writeFileSync(join(data, 'log/temp/left.tmp'), 'x')
  writeFileSync(join(data, 'journal/0/spare.wal'), Buffer.alloc(64))
  const killed = await auditFolder(data)
  assert.deepEqual(killed.differences, [])
  assert.deepEqual([killed.holds, killed.isClean, killed.filesLeft], [true, false, 1])
  for (const [at, where] of [
    [2000, 'journal/0/00000000000000000000.wal, byte'],
    [-1, 'spare.wal, byte 63'],
  ] as const) {
    const path = at < 0 ? join(data, 'journal/0/spare.wal') : wal
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.with(at, bytes.at(at)! ^ 1))
    assert.match(named((await auditFolder(data)).differences), new RegExp(where))
    writeFileSync(path, bytes)
  }
})

test('a folder that is taken into use while it is audited is said to be', async () => {
  const data = copy()
  const onProgress = (): void => rmSync(join(data, 'log/clean'), { force: true })
  await assert.rejects(auditFolder(data, { onProgress }), { name: 'FolderTaken' })
})

test('entries that the log never got are missed, unless the journal is handed on', async () => {
  const data = join(scratch, 'handing')
  for (const first of [0, 5]) {
    const journal = await openSmall(join(data, 'journal/0'))
    record(journal, first, 5)
    await journal.close()
  }
  await journalSource(join(data, 'journal/0'), '0').release(10)
  const { differences } = await auditFolder(data)
  assert.deepEqual(differences, [
    { where: 'journal/0', expected: 'entries from 0 on, which the log lacks', found: 'from 10 on' },
  ])
  writeFileSync(join(data, 'handed.sqlite'), '')
  assert.ok((await auditFolder(data)).holds)
})

test('a pinned key is held against all that was signed', async () => {
  const vkey = readFileSync(join(DATA, 'receipts/log.vkey'), 'utf8').trim()
  const pinned = await auditFolder(DATA, { vkey })
  assert.ok(pinned.holds && pinned.isPinned)
  const other = 'gateway.example/receipts/1+fb3a2a76+ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS'
  const { differences } = await auditFolder(DATA, { vkey: other })
  assert.match(named(differences), /^receipts\/log.vkey\nlog\/checkpoint, origin\n/)
  await assert.rejects(auditFolder(DATA, { vkey: 'x' }), { name: 'BadNote' })
})

test('credits that the rows did not earn are found, though the log signed them', async () => {
  const data = copy()
  const path = join(data, `receipts/read/${FIRST + 1}.final`)
  const signer = await openLogSigner(folderPaths(data).keys, ORIGIN)
  const final = parseFinalFile(readFileSync(path)).ok!.value
  const [share] = final.issuance['shares'] as readonly { amount: string }[]
  const shares = [{ ...share, amount: String(BigInt(share!.amount) + 1n) }]
  const forged = { ...final, issuance: { ...final.issuance, shares } }
  writeFileSync(path, await finalFile(forged, signer, nodeHasher))
  const { differences } = await auditFolder(data)
  const where = `receipts/read/${FIRST + 1}.final, issuance`
  assert.deepEqual(
    differences.map((one) => one.where),
    [`${where}, shares`, `${where} (as in billing.sqlite)`],
  )
})

test('a root that the log signed beside its checkpoint comes with a proof of that', async () => {
  const data = copy()
  const path = join(data, `receipts/read/${FIRST}.root`)
  const signer = await openLogSigner(folderPaths(data).keys, ORIGIN)
  const root = parseRootFile(readFileSync(path)).ok!.value
  writeFileSync(path, await rootFile({ ...root, root: new Uint8Array(32) }, signer, nodeHasher))
  const { differences, misbehaviour } = await auditFolder(data)
  assert.equal(named(differences), `receipts/read/${FIRST}.root, root`)
  assert.equal(misbehaviour.length, 1)
  const { holds, rule } = checkMisbehaviour(JSON.stringify(misbehaviour[0]), nodeCrypto)
  assert.deepEqual([holds, rule], [true, 'root'])
})

test('a log that was written anew comes with a proof of both histories', async () => {
  const [data, other] = [copy(), join(scratch, 'other')]
  cpSync(folderPaths(data).keys, folderPaths(other).keys, { recursive: true })
  await fillReceipts(other, { hours: [290, 250, 5, 20] })
  const path = `receipts/read/${FIRST}.root`
  cpSync(join(other, path), join(data, path))
  const { misbehaviour } = await auditFolder(data)
  const { holds, rule } = checkMisbehaviour(JSON.stringify(misbehaviour[0]), nodeCrypto)
  assert.deepEqual([misbehaviour.length, holds, rule], [1, true, 'fork'])
})

test('an acknowledgement that was signed for another log is found', async () => {
  const data = join(scratch, 'acked')
  await fillReceipts(data, { hours: [9, 1, 1], ackOrigin: 'other.example/log' })
  const { differences, acks } = await auditFolder(data)
  assert.equal(named(differences), 'log/head.sqlite, bundle, entry 17 (no. 17)')
  assert.match(differences[0]!.expected, /an ACK that its key signed/)
  assert.equal(acks.count, 0)
})
