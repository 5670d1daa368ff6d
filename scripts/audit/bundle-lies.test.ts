/**
 * What an operator may sign and what not: figures of a statement that follow from nothing, and
 * honest statements of any plan, which must not accuse anybody.
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { sealedStatement } from '@turnpike/accounting/epochs/statements'
import { billOf } from '@turnpike/accounting/statement/bill'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { isAnchorsWord } from '@turnpike/audit/bundle/anchors'
import { checkMisbehaviour } from '@turnpike/audit/check-misbehaviour'
import type { Verdict } from '@turnpike/audit/bundle/verdict'
import { verifyBundle } from '@turnpike/audit/bundle/verify'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { judgePage } from '@turnpike/audit/page/judge-page'
import { bundleInPage, selfCheckingPage } from '@turnpike/audit/page/page'
import { otherHistories } from '@turnpike/audit/same-history'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import { finalFile, finalPath } from '@turnpike/core/epochs/final-file'
import fc from 'fast-check'
import { bundleRig, HOURS, signedAnew } from './bundle-rig.ts'

const rig = await bundleRig()
const short = await rig.bundle()

function verdictOf(text: string): Verdict {
  return verifyBundle(text, {}, nodeCrypto).verdict
}

/** JSON of a statement as it is documented. */
function statementText({ lines, ...head }: { readonly lines: readonly object[] }): string {
  const items = lines.map((line) => JSON.stringify(line)).join(',\n')
  return `${JSON.stringify(head).slice(0, -1)},"lines":[\n${items}\n]}\n`
}

// oxlint-disable-next-line typescript/no-explicit-any -- reaches into all of it
type Change = (statement: any) => void

/** What somebody signs who changes a statement and is careful about its form. */
function signedStatement(change: Change): Promise<string> {
  return signedAnew(short, rig.signer, (body) => {
    const statement = JSON.parse(body.statement)
    change(statement)
    body.statement = statementText(statement)
  })
}

const BYTES = 10 ** 9

test('figures below zero that make others larger are refused, and prove misbehaviour', async () => {
  const voided: Change = (statement) => {
    statement.bill = null
    for (const used of [statement, statement.spaces[0], statement.lines[0]]) {
      used.voidedBytes -= BYTES
      used.egressBytes += BYTES
    }
  }
  const inBill = (change: Change): Change => {
    return ({ bill }) => {
      const [{ egress, ...charge }] = bill.charges
      change({ bill, charge, egress })
      // As if nothing else were wrong: the other figures follow.
      const dear = 3 * Math.max(0, Math.min(20_000, egress.overageBytes))
      const micros = dear + Math.max(0, egress.overageBytes - 20_000)
      const text = (sum: number): string => (sum / 1e6).toFixed(6)
      egress.amount = text(micros)
      const sum = 7e6 + micros + Math.round(Number(charge.storage.amount) * 1e6)
      for (const [one] of [bill.total, bill.due])
        Object.assign(one, { amount: text(sum), micros: sum })
    }
  }
  const lies: Readonly<Record<string, Change>> = {
    'bytes that were voided': voided,
    'credit left': inBill(({ bill, egress }) => {
      bill.credit.leftBytes += BYTES
      egress.usedBytes += BYTES
      egress.overageBytes += BYTES
    }),
    'credit before': inBill(({ bill, egress }) => {
      bill.credit.openingBytes -= BYTES
      egress.usedBytes += BYTES
      egress.overageBytes += BYTES
    }),
    granted: inBill(({ bill, egress }) => {
      bill.grants.push({ id: 'x', openingBytes: 0, leftBytes: BYTES })
      egress.grantedBytes -= BYTES
      egress.overageBytes += BYTES
    }),
    paid: ({ bill }) => {
      bill.paid.push({ currency: 'EUR', amount: '-1.00', micros: -1_000_000 })
      const [due] = bill.due
      due.micros += 1_000_000
      due.amount = (due.micros / 1e6).toFixed(6)
    },
  }
  const honest = await signedStatement(inBill(() => {}))
  assert.deepEqual(
    verdictOf(honest).checks.filter(({ holds }) => !holds),
    [],
  )
  for (const [what, change] of Object.entries(lies)) {
    const { holds, misbehaviour } = verdictOf(await signedStatement(change))
    assert.equal(holds, false, what)
    if (what === 'granted') continue
    assert.ok(checkMisbehaviour(JSON.stringify(misbehaviour), nodeCrypto).holds, what)
  }
})

test('a statement is of its month, its hours and its status, and says nothing twice', async () => {
  const lies: Readonly<Record<string, Change>> = {
    'another month': (statement) => (statement.period.name = '2025-10'),
    'half of a month': (statement) => (statement.period.to = '2025-11-28T00:00:00Z'),
    'another status': (statement) => (statement.status = 'final'),
    'a status of its own': (statement) => (statement.status = 'paid'),
    'as of nothing': (statement) => delete statement.asOfEntry,
    'an hour that counts elsewhere': ({ lines }) => (lines[0].billed = '2025-12-01T00:00:00Z'),
    'an hour that counts before it was': ({ lines }) => (lines[0].billed = '2025-11-24T15:00:00Z'),
    'a line in two': ({ lines }) =>
      lines.splice(0, 0, {
        ...lines[0],
        egressBytes: 0,
        deliveredBytes: 0,
        fetchedBytes: 0,
        reads: 0,
        denied: 0,
        storageByteMs: 0,
      }),
    'charges of an hour twice': ({ bill }) => bill.charges.push(bill.charges[0]),
    'a day that is none': ({ lines }) => (lines[0].hour = '2025-11-31T16:00:00Z'),
    'a price behind the last': ({ bill }) => bill.charges[0].egress.prices.push({ perGib: '0.01' }),
  }
  assert.ok(verdictOf(await signedStatement(() => {})).holds)
  for (const [what, change] of Object.entries(lies))
    assert.equal(verdictOf(await signedStatement(change)).holds, false, what)
  for (const [from, to] of [
    ['"status":', '"status":"final","status":'],
    ['"egressBytes":', '"egressBytes": '],
    ['"account":', '"\\u0061ccount":'],
  ] as const) {
    const twice = await signedAnew(short, rig.signer, (body) => {
      assert.ok(body.statement.includes(from))
      body.statement = body.statement.replace(from, to)
    })
    assert.equal(verdictOf(twice).holds, false, to)
  }
  for (const to of ['"checkpoint":"x","checkpoint":', '"checkpoint": ']) {
    const { holds, misbehaviour } = verdictOf(short.replace('"checkpoint":', to))
    assert.deepEqual([holds, misbehaviour], [false, null], to)
  }
  // Deeper than the stack.
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}\n\n— x AAAAAAAA\n`
  assert.ok(!verdictOf(JSON.stringify({ ...(JSON.parse(short) as object), claim: deep })).holds)
  const evidence = `{"bundle":{"x":${deep.slice(0, 400_000)}}}`
  const accusation = `{"type":"turnpike-misbehaviour/v1","rule":"statement","evidence":${evidence}}`
  assert.ok(!checkMisbehaviour(accusation, nodeCrypto).holds)
})

test('a statement as long as one may be, with charges for nothing, is refused soon', async () => {
  const text = await signedStatement(({ lines, bill }) => {
    for (let i = 0; i < 50_000; i++) lines.push({ ...lines[0], space: `did:key:z${i}` })
    while (bill.charges.length < 10_000) bill.charges.push(bill.charges[0])
  })
  const start = performance.now()
  assert.equal(verdictOf(text).holds, false)
  assert.ok(performance.now() - start < 10_000)
})

test('honest statements hold, whatever plans, grants and credits they have', async () => {
  const { period, hours } = rig.statement
  const bytes = (max: number) => fc.bigInt(0n, BigInt(max))
  const meter = fc.record({
    includedBytes: bytes(20_000),
    tiers: fc
      .array(fc.record({ upToBytes: bytes(9000), microsPerGib: bytes(10 ** 12) }), { maxLength: 3 })
      .map((tiers) =>
        tiers
          .toSorted((a, b) => Number(a.upToBytes - b.upToBytes))
          .map(({ upToBytes, microsPerGib }, i) => ({
            upToBytes: upToBytes + BigInt(i + 1),
            microsPerGib,
          })),
      ),
    overageMicrosPerGib: bytes(10 ** 12),
  })
  const plan = fc.record({ egress: meter, storage: meter, feeMicros: bytes(10 ** 9) })
  const cases = fc.record({
    plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
    grants: fc.array(fc.record({ leftBytes: bytes(5000), at: fc.nat(3), hours: fc.nat(3) })),
    creditBytes: bytes(20_000),
    prepaid: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ plans, grants, creditBytes, prepaid }) => {
      const stretches = plans.map(({ egress, storage, feeMicros }, i) => ({
        plan: {
          ...FREE_PLAN,
          prepaid,
          feeMicros,
          egress: { ...FREE_PLAN.egress, ...egress },
          storage,
        },
        firstEpoch: i === 0 ? period.firstEpoch : HOURS[i]!,
        endEpoch: i === plans.length - 1 ? period.endEpoch : HOURS[i + 1]!,
      }))
      const given = grants.map(({ leftBytes, at, hours: some }, i) => ({
        id: `grant ${i}`,
        firstEpoch: HOURS[at]!,
        endEpoch: HOURS[at]! + 1 + some,
        priority: i % 2,
        leftBytes,
      }))
      const balances = prepaid ? [{ currency: FREE_PLAN.currency, micros: 5000n }] : []
      const opening = { grants: given, creditBytes, balances }
      const bill = billOf(stretches, hours, opening as never, period)
      const { holds, checks } = verdictOf(await rig.bundle({}, { ...rig.statement, bill }))
      assert.ok(holds, JSON.stringify(checks.at(-1)))
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 60) },
  )
})

test('what an anchor holds is the log’s word until it was asked', async () => {
  const before = new Map(rig.files)
  for (const { epoch, end } of await rig.reader.epochs(0)) {
    if (epoch === HOURS.at(-1)) continue
    const { statement } = await sealedStatement(rig.reader, end, rig.signer)
    const anchors = [{ anchor: 'evm', state: 'final', proof: { kind: 'evm' } }] as never
    const about = { ...statement, anchors, issuance: {} }
    rig.files.set(finalPath(epoch), await finalFile(about, rig.signer, testHasher))
  }
  const { holds, notes, epochs } = verdictOf(await rig.bundle())
  for (const [path, bytes] of before) rig.files.set(path, bytes)
  assert.deepEqual([holds, epochs.anchors], [true, ['evm']])
  assert.ok(notes.some((note) => isAnchorsWord(note, 'evm')))
  assert.ok(!verdictOf(short).notes.some((note) => isAnchorsWord(note, 'local')))
})

test('what a page has beside what its data comes to is found', async () => {
  const html = await selfCheckingPage(short)
  const judged = async (text: string): Promise<Verdict> =>
    judgePage(text, verdictOf(bundleInPage(text) ?? ''))
  const own = await judged(html)
  assert.deepEqual([own.holds, own.notes], [true, verdictOf(short).notes])
  const bundle = /<script type="application.json"[^]*?<.script>/.exec(html)![0]
  const style = '.figures dd { display: none }'
  for (const [what, changed] of [
    ['a figure', html.replace(/(?<=<small>[\d,]*\d)(?= bytes)/, '0')],
    ['more text', html.replace('<main', '<p>Paid.</p><main')],
    ['the bundle of another page', html.replace('<head>', `<head><!--${bundle}-->`)],
    ['its title', html.replace('<title>', '<title>Paid. ')],
    ['no policy', html.replace(/<meta http-equiv[^>]*>/, '')],
    ['a style that its policy does not allow', html.replace('</style>', `${style}</style>`)],
    ['another style', html.replace('</head>', `<style>${style}</style></head>`)],
  ] as const) {
    const verdict = await judged(changed)
    assert.equal(verdict.holds, false, what)
    assert.equal(verdict.misbehaviour, null, what)
  }
  // Of another version, or somebody's own: what they make of the page nobody can say here.
  const [before, script] = [html.slice(0, html.lastIndexOf('<script>') + 8), 'document.title = ""']
  const [whole] = /(?<=script-src '.{7}).{44}/.exec(html)!
  const other = `${before}${script}</script>\n</body>\n</html>\n`
  const { holds, notes } = await judged(other.replace(whole, hash('sha256', script, 'base64')))
  assert.ok(holds)
  assert.match(notes.at(-1)!, /a script or a style that this version does not make/)
})

test('statements of two histories of one log are found, with a proof', async () => {
  const other = await bundleRig(5)
  const verified = [short, await rig.bundle({ listsEntries: true })].map((text) =>
    verifyBundle(text, {}, nodeCrypto),
  )
  assert.deepEqual(otherHistories(verified), [], 'one history, twice')
  const theirs = verifyBundle(await other.bundle(), {}, nodeCrypto)
  assert.ok(theirs.verdict.holds)
  const found = otherHistories([verified[0]!, theirs])
  assert.equal(found.length, HOURS.length - 1)
  assert.ok(found.some(({ where }) => where === '2025-11-24T16:00:00Z'))
  const { proof } = found[0]!
  assert.ok(checkMisbehaviour(JSON.stringify(proof), nodeCrypto).holds)
  // Hours of one statement begin before those of another end.
  const { sealed } = verified[0]!
  const later = { ...sealed[1]!, seal: { ...sealed[1]!.seal, first: sealed[0]!.seal.end - 1 } }
  const half = { ...verified[0]!, sealed: [sealed[0]!] }
  assert.equal(otherHistories([half, { ...half, sealed: [later] }]).length, 1)
})
