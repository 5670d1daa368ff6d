import assert from 'node:assert/strict'
import { test } from 'node:test'
import { billedTwice } from '@turnpike/audit/billed-twice'
import type { Trust } from '@turnpike/audit/bundle/context'
import type { CheckName, Verdict } from '@turnpike/audit/bundle/verdict'
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_ENTRIES_MAX,
  BUNDLE_EPOCHS_MAX,
  BUNDLE_HASHES_MAX,
} from '@turnpike/audit/bundle/format'
import { verifyBundle } from '@turnpike/audit/bundle/verify'
import { PROOF_HASHES_MAX } from '@turnpike/audit/proof'
import { checkMisbehaviour } from '@turnpike/audit/check-misbehaviour'
import { misbehaviour } from '@turnpike/audit/misbehaviour'
import { nobleCrypto } from '@turnpike/audit/noble-crypto'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { parseKey } from '@turnpike/audit/note'
import { bundleInPage, selfCheckingPage } from '@turnpike/audit/page/page'
import { testHasher, testSigner } from '@turnpike/accounting/testing/entries'
import { anchorFile, anchorPath } from '@turnpike/core/epochs/anchor-file'
import { rootFile, rootPath } from '@turnpike/core/epochs/root-file'
import { Gatherer } from '@turnpike/accounting/statement/gather'
import { sealedStatement } from '@turnpike/accounting/epochs/statements'
import { cosign } from '@turnpike/core/note/cosignature'
import { encodeNote, parseNote, signNote } from '@turnpike/core/note/note'
import { formatKey } from '@turnpike/core/note/key'
import fc from 'fast-check'
import { bundleRig, HOURS, signedAnew, SPACES } from './bundle-rig.ts'

const rig = await bundleRig()
const short = await rig.bundle()
const long = await rig.bundle({ listsEntries: true })
const key = parseKey(formatKey({ ...rig.signer, kind: 'ed25519' }, testHasher), nodeCrypto)

function verdictOf(text: string, trust: Trust = { key }): Verdict {
  return verifyBundle(text, trust, nodeCrypto).verdict
}

/** Names of the checks that fail. */
function failing(verdict: Verdict): CheckName[] {
  return verdict.checks.filter(({ holds }) => !holds).map(({ name }) => name)
}

/** Verdict on what a lying operator signs. */
async function verdictOnLie(
  text: string,
  change: Parameters<typeof signedAnew>[2],
): Promise<Verdict> {
  return verdictOf(await signedAnew(text, rig.signer, change))
}

test('a bundle holds, on Node and in plain JavaScript, with its entries and without', () => {
  for (const text of [short, long])
    for (const crypto of [nodeCrypto, nobleCrypto]) {
      const { verdict } = verifyBundle(text, { key }, crypto)
      assert.deepEqual(failing(verdict), [])
      assert.deepEqual([verdict.holds, verdict.pinned, verdict.misbehaviour], [true, true, null])
      const { sealed, published, final, anchors } = verdict.epochs
      assert.deepEqual([sealed, published, final, anchors], [3, 3, 3, ['local']])
      assert.ok(verdict.epochs.unsealedEntries > 20)
      assert.ok(verdict.notes.some((note) => note.includes('only anchor is local')))
    }
  assert.ok(verdictOf(short, {}).notes[0]!.includes('not whose it is'))
})

test('I16: any one character of a bundle changed is found', () => {
  const other = (character: string): string =>
    /\d/.test(character) ? String((Number(character) + 1) % 10) : character === 'x' ? 'y' : 'x'
  fc.assert(
    fc.property(fc.constantFrom(short, long), fc.nat(), (text, seed) => {
      const at = seed % (text.length - 1)
      const changed = `${text.slice(0, at)}${other(text[at]!)}${text.slice(at + 1)}`
      const verdict = verdictOf(changed)
      assert.ok(!verdict.holds, `character ${at}`)
      assert.equal(verdict.misbehaviour, null, 'only what is signed accuses anybody')
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 150) },
  )
})

/** Each field and item of a value, at any depth. */
function* places(value: unknown): Generator<[Record<string, unknown>, string]> {
  if (typeof value !== 'object' || value === null) return
  const parent = value as Record<string, unknown>
  for (const name of Object.keys(parent)) {
    yield [parent, name]
    yield* places(parent[name])
  }
}

test('whatever is in a file, it has a verdict, and holds only as it was', async () => {
  const junk = [null, -1, 1e300, 2 ** 53 - 1, '', 'x', '9'.repeat(59), [], {}, [[0, 'AA==']], true]
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      fc.constantFrom(...junk),
      async (inStatement, isSigned, seed, value) => {
        const change = (body: Record<string, unknown>): void => {
          const root = inStatement ? JSON.parse(String(body['statement'])) : body
          const all = [...places(root)]
          const [parent, name] = all[seed % all.length]!
          if (JSON.stringify(parent[name]) === JSON.stringify(value)) parent[name] = 'other'
          else parent[name] = value
          if (inStatement) body['statement'] = JSON.stringify(root)
        }
        const body = JSON.parse(long) as Record<string, unknown>
        if (!isSigned) change(body)
        const text = isSigned ? await signedAnew(long, rig.signer, change) : JSON.stringify(body)
        const verdict = verdictOf(text)
        if (!isSigned) assert.ok(!verdict.holds)
        if (verdict.misbehaviour !== null) assert.ok(isSigned)
      },
    ),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 150) },
  )
  const deep = short.replace(
    '"epochs":',
    `"x":${'['.repeat(50_000)}${']'.repeat(50_000)},"epochs":`,
  )
  assert.ok(!verdictOf(deep).holds)
})

test('lists in a file are read up to their bounds, and no further', () => {
  const { epochs, ...rest } = JSON.parse(short)
  const [epoch] = epochs
  const said = (body: object): string =>
    verdictOf(JSON.stringify(body)).checks[0]?.findings[0]?.found ?? ''
  const withEpoch = (fields: object): object => ({ ...rest, epochs: [{ ...epoch, ...fields }] })
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)
  for (const [what, max, bodyOf] of [
    ['epochs', BUNDLE_EPOCHS_MAX, (list) => ({ ...rest, epochs: list })],
    ['leaves', BUNDLE_ENTRIES_MAX, (list) => withEpoch({ entries: { leaves: list, proof: [] } })],
    ['proof', BUNDLE_HASHES_MAX, (list) => withEpoch({ entries: { leaves: [], proof: list } })],
    ['consistency', PROOF_HASHES_MAX, (list) => withEpoch({ consistency: list })],
  ] as const satisfies [string, number, (list: number[]) => object][]) {
    assert.match(said(bodyOf(zeros(max + 1))), new RegExp(`${what} expected <= ${max}, got`))
    assert.doesNotMatch(said(bodyOf(zeros(max))), /expected <=/)
  }
  const spaces = ' '.repeat(BUNDLE_BYTES_MAX + 1)
  assert.match(verdictOf(spaces).checks[0]!.findings[0]!.found, /expected <= 268435456 bytes/)
})

test('a line that says more than the log has is refused, and proves misbehaviour', async () => {
  const [line] = rig.statement.lines
  const add = (used: { egressBytes: bigint; deliveredBytes: bigint }) => ({
    egressBytes: used.egressBytes + 1n,
    deliveredBytes: used.deliveredBytes + 1n,
  })
  const lie = {
    ...rig.statement,
    lines: rig.statement.lines.with(0, { ...line!, ...add(line!) }),
  }
  const verdict = verdictOf(await rig.bundle({}, lie))
  assert.deepEqual(failing(verdict), ['sums'])
  const { findings } = verdict.checks.at(-1)!
  assert.match(findings[0]!.where, /^line 2025-11-24T16:00:00Z of did:key:zAlice1, deliveredBytes$/)
  const accusation = checkMisbehaviour(JSON.stringify(verdict.misbehaviour), nodeCrypto)
  assert.ok(accusation.holds, accusation.says)
  assert.equal(accusation.log, verdict.log)
})

test('nobody is accused by what they did not sign', async () => {
  for (const bundle of [
    JSON.parse(short) as object,
    { ...(JSON.parse(short) as object), log: 'x' },
  ]) {
    const text = JSON.stringify(misbehaviour('statement', { bundle }))
    assert.equal(checkMisbehaviour(text, nodeCrypto).holds, false)
  }
  const forged = await signedAnew(short, testSigner('gateway.example/log/2'), (body) => {
    body.epochs.pop()
  })
  const accusation = misbehaviour('statement', { bundle: JSON.parse(forged) as object })
  assert.equal(checkMisbehaviour(JSON.stringify(accusation), nodeCrypto).holds, false)
  for (const text of ['', '{}', '[]', '{"type":"turnpike-misbehaviour/v1","rule":"toString"}'])
    assert.equal(checkMisbehaviour(text, nodeCrypto).holds, false)
})

test('entries, rows and hours that were left out or put elsewhere are found', async () => {
  const lies: readonly (readonly [CheckName, string, Parameters<typeof signedAnew>[2]])[] = [
    ['seals', 'a listed entry', (body) => body.epochs[0].entries.leaves.shift()],
    ['entries', 'an entry that is not sealed', (body) => body.open.entries.leaves.pop()],
    ['entries', 'an entry of other bytes', (body) => (body.open.entries.leaves[0][1] = 'AAAA')],
    ['sums', 'a row', (body) => body.epochs[1].rows.leaves.pop()],
    ['sums', 'all rows', (body) => (body.epochs[1].rows.leaves = [])],
    ['sums', 'an hour', (body) => body.epochs.splice(1, 1)],
    ['sums', 'the hour that goes on', (body) => (body.open = null)],
    ['seals', 'the order of hours', (body) => (body.epochs = body.epochs.toReversed())],
    ['seals', 'an hour twice', (body) => body.epochs.push(body.epochs[2])],
    ['seals', 'the way to the checkpoint', (body) => body.epochs[0].consistency.pop()],
    ['seals', 'the number of an hour', (body) => (body.epochs[0].epoch -= 1)],
    ['entries', 'the hour that goes on', (body) => (body.open.epoch = HOURS[2])],
    ['anchors', 'a published root', (body) => (body.epochs[0].root = body.epochs[1].root)],
    ['anchors', 'a final file', (body) => (body.epochs[0].final = body.epochs[1].final)],
    ['anchors', 'no file at all', (body) => (body.epochs[0].final = 'x')],
  ]
  for (const [name, what, change] of lies) {
    const verdict = await verdictOnLie(long, change)
    assert.ok(failing(verdict).includes(name), `${what}: ${failing(verdict).join()}`)
    assert.ok(verdict.misbehaviour !== null, what)
  }
})

test('amounts that prices do not come to are refused', async () => {
  const change = (from: RegExp, to: string) => (body: { statement: string }) => {
    const changed = body.statement.replace(from, to)
    assert.ok(changed !== body.statement, String(from))
    body.statement = changed
  }
  for (const [from, to] of [
    [/"fee":"7.00"/, '"fee":"7.01"'],
    [/"includedBytes":5000/, '"includedBytes":4999'],
    [/"perGib":"3221/, '"perGib":"3331'],
    [/"overageBytes":(\d)/, '"overageBytes":1$1'],
    [/"grantedBytes":0/, '"grantedBytes":1'],
    [/"due":\[\{"currency":"EUR","amount":"\d/, '"due":[{"currency":"EUR","amount":"9'],
    [/"storageByteMs":7/, '"storageByteMs":8'],
    [/"asOfEntry":\d/, '"asOfEntry":9'],
    [/"reads":(\d)/, '"reads":1$1'],
  ] as const)
    assert.equal((await verdictOnLie(short, change(from, to))).holds, false, String(from))
  assert.ok((await verdictOnLie(short, () => {})).holds)
})

test('a VOID that belongs to an owner before is said, and one too many refused', async () => {
  const voided = rig.statement.lines.findIndex((line) => line.voidedBytes > 0n)
  const [line, total] = [rig.statement.lines[voided]!, rig.statement.total]
  const without = (used: typeof total, more: bigint): typeof total => ({
    ...used,
    voidedBytes: used.voidedBytes + more,
    egressBytes: used.egressBytes - more,
  })
  for (const [more, holds] of [
    [-line.voidedBytes, true],
    [1n, false],
  ] as const) {
    const lines = rig.statement.lines.with(voided, { ...line, ...without(line, more) })
    const spaces = rig.statement.spaces.map((one) =>
      one.space === line.space ? Object.assign({}, one, without(one, more)) : one,
    )
    const statement = { ...rig.statement, lines, spaces, total: without(total, more), bill: null }
    const verdict = verdictOf(await rig.bundle({}, statement))
    assert.equal(verdict.holds, holds)
    assert.equal(
      verdict.notes.some((note) => note.includes('whoever owned')),
      holds,
    )
  }
})

test('a final statement has sealed hours only, whatever came after them', async () => {
  const { statement } = rig
  const final = { ...statement, status: 'final', asOfEntry: null, bill: null } as const
  const gatherer = new Gatherer({ linesMax: 1000, spacesMax: 10 })
  for (const space of SPACES)
    gatherer.add(statement.lines.filter((one) => one.space === space && one.epoch !== HOURS.at(-1)))
  const sealed = verdictOf(await rig.bundle({}, { ...final, ...gatherer.gathered() }))
  assert.deepEqual([sealed.holds, sealed.epochs.unsealedEntries], [true, 0])
  assert.equal(verdictOf(await rig.bundle({}, final)).holds, false)
})

test('the key that is pinned is the one that counts', () => {
  const other = testSigner('gateway.example/log/2')
  const otherKey = formatKey({ ...other, kind: 'ed25519' }, testHasher)
  const verdict = verdictOf(short, { key: parseKey(otherKey, nodeCrypto) })
  assert.ok(failing(verdict).includes('signatures'))
  for (const text of ['', '{}', '[]', 'null', '{"type":"turnpike-statement-bundle/v2"}', '\u0000'])
    assert.deepEqual(failing(verdictOf(text)), ['signatures'])
})

test('hours that enough of the trusted witnesses signed hold, and others do not', async () => {
  const names = ['witness.example/1', 'witness.example/2']
  const keys = names.map((name) => {
    const { publicKey } = testSigner(name)
    return parseKey(formatKey({ name, kind: 'cosignature', publicKey }, testHasher), nodeCrypto)
  })
  const files = new Map(rig.files)
  for (const { epoch, end } of await rig.reader.epochs(0)) {
    if (epoch === HOURS.at(-1)) continue
    const { statement } = await sealedStatement(rig.reader, end, rig.signer)
    const { text } = parseNote(statement.checkpoint).ok!
    const signature = await cosign(text, 7, testSigner(names[0]!), testHasher)
    const [, line] = Buffer.from(encodeNote({ text: 'x\n', signatures: [signature] }))
      .toString()
      .split('\n\n')
    const proof = { kind: 'witness', cosignatures: [line!.trimEnd()] }
    const anchors = [{ anchor: 'witness', state: 'final', proof }] as const
    rig.files.set(
      anchorPath(epoch),
      await anchorFile({ ...statement, anchors }, rig.signer, testHasher),
    )
  }
  const text = await rig.bundle()
  for (const [path, bytes] of files) rig.files.set(path, bytes)
  const asked = (quorum: number, of = keys) =>
    verdictOf(text, { key, witnesses: { keys: of, quorum } })
  assert.deepEqual(failing(asked(1)), [])
  assert.deepEqual(failing(asked(2)), ['signatures'])
  assert.deepEqual(failing(asked(1, keys.slice(1))), ['signatures'])
  assert.deepEqual(failing(asked(2, [keys[0]!, { ...keys[0]! }])), ['signatures'], 'one, twice')
  assert.equal(asked(2).misbehaviour, null, 'too few witnesses are no lie')
  assert.deepEqual(failing(verdictOf(short, { key, witnesses: { keys, quorum: 1 } })), [
    'signatures',
  ])
})

test('hours that two statements bill are found, and prove misbehaviour', async () => {
  const again = { ...rig.statement, account: 'did:mailto:example.com:bob' }
  const texts = [short, await rig.bundle({}, again)]
  const verified = texts.map((text) => verifyBundle(text, { key }, nodeCrypto))
  assert.ok(verified.every(({ verdict }) => verdict.holds))
  const twice = billedTwice(verified)
  assert.equal(twice.length, HOURS.length * SPACES.length)
  assert.deepEqual([twice[0]!.first, twice[0]!.second], [0, 1])
  assert.deepEqual(billedTwice([verified[0]!, verified[0]!]), [])
  const bundles = texts.map((text) => JSON.parse(text) as object) as [object, object]
  const judged = (pair: [object, object]) =>
    checkMisbehaviour(JSON.stringify(misbehaviour('billed-twice', { bundles: pair })), nodeCrypto)
  assert.ok(judged(bundles).holds)
  assert.ok(!judged([bundles[0], bundles[0]]).holds)
})

test('signed contradictions of a log are found to be some, and others are not', async () => {
  const vkey = formatKey({ ...rig.signer, kind: 'ed25519' }, testHasher)
  const noteOf = async (text: string, signer = rig.signer): Promise<string> =>
    Buffer.from(
      encodeNote({ text, signatures: [await signNote(text, signer, testHasher)] }),
    ).toString()
  const root = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
  const head = (size: number, byte: number) =>
    noteOf(`gateway.example/log\n${size}\n${root(byte)}\n`)
  const judge = (proof: object): boolean =>
    checkMisbehaviour(JSON.stringify(proof), nodeCrypto).holds
  const split = (a: string, b: string) =>
    judge(misbehaviour('split-view', { key: vkey, checkpoints: [a, b] }))
  assert.ok(split(await head(5, 1), await head(5, 2)))
  assert.ok(!split(await head(5, 1), await head(5, 1)))
  assert.ok(!split(await head(5, 1), await head(6, 2)))
  const stranger = await noteOf(`gateway.example/log\n5\n${root(2)}\n`, testSigner('other'))
  assert.ok(!split(await head(5, 1), stranger))
  // In a tree of one entry, its leaf is the root.
  const rewritten = async (a: number, b: number, index = 0): Promise<boolean> =>
    judge(
      misbehaviour('rewritten', {
        key: vkey,
        checkpoints: [await head(1, a), await head(1, b)],
        index,
        leaves: [root(a), root(b)],
        proofs: [[], []],
      }),
    )
  assert.deepEqual(
    [await rewritten(1, 2), await rewritten(1, 1), await rewritten(1, 2, 1)],
    [true, false, false],
  )
  const [first] = await rig.reader.epochs(0)
  const { statement } = await sealedStatement(rig.reader, first!.end, rig.signer)
  const fileOf = async (byte?: number): Promise<string> => {
    const changed = byte === undefined ? {} : { root: new Uint8Array(32).fill(byte) }
    const file = await rootFile({ ...statement, ...changed }, rig.signer, testHasher)
    return Buffer.from(file).toString()
  }
  const epoch = (a: string, b: string): boolean =>
    judge(misbehaviour('epoch', { key: vkey, files: [a, b] }))
  assert.ok(epoch(await fileOf(), await fileOf(1)))
  assert.ok(!epoch(await fileOf(), await fileOf()))
  const next = Buffer.from(rig.files.get(rootPath(HOURS[1]!))!).toString()
  assert.ok(!epoch(await fileOf(), next))
  const otherRoot = async (byte: number, size: number): Promise<boolean> =>
    judge(
      misbehaviour('root', {
        key: vkey,
        file: await fileOf(1),
        checkpoint: await head(size, byte),
      }),
    )
  assert.ok(await otherRoot(2, first!.end))
  assert.ok(!(await otherRoot(1, first!.end)))
  assert.ok(!(await otherRoot(2, first!.end + 1)))
})

test('a bundle lists as many entries and rows as it may, and no more', async () => {
  const { epochs, open } = JSON.parse(long)
  const count = (parts: { leaves: unknown[] }[]): number =>
    parts.reduce((sum, { leaves }) => sum + leaves.length, 0)
  // SEALs are not among those that are counted.
  const entries =
    count(epochs.map((one: { entries: object }) => one.entries)) -
    epochs.length +
    open.entries.leaves.length -
    1
  const rows = count(epochs.map((one: { rows: object }) => one.rows))
  const bundle = (entriesMax: number, rowsMax: number) =>
    rig.bundle({ listsEntries: true, entriesMax, rowsMax })
  assert.equal(await bundle(entries, rows), long)
  await assert.rejects(bundle(entries - 1, rows), { name: 'BundleRefused' })
  await assert.rejects(bundle(entries, rows - 1), { name: 'BundleRefused' })
  for (const shortened of [{ linesBy: 'day' }, { linesLeftOff: 1 }, { spacesLeftOff: 1 }] as const)
    await assert.rejects(rig.bundle({}, { ...rig.statement, ...shortened }), {
      name: 'BundleRefused',
    })
})

test('a page carries its bundle, whatever is in it', async () => {
  const html = await selfCheckingPage(short)
  assert.deepEqual(JSON.parse(bundleInPage(html)!), JSON.parse(short))
  assert.ok(verdictOf(bundleInPage(html)!).holds)
  assert.equal(bundleInPage(short), undefined)
  assert.equal(bundleInPage('<!DOCTYPE html><p>nothing'), undefined)
  const space = 'did:key:z</script><script>alert(1)//'
  const spaces = rig.statement.spaces.map((one) => Object.assign({}, one, { space }))
  const odd = await selfCheckingPage(await rig.bundle({}, { ...rig.statement, spaces }))
  assert.equal(odd.split('</script>').length, 3)
  assert.equal(odd.split('<script').length, 3)
})
