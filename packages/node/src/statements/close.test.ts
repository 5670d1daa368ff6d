import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { LogState } from '@turnpike/accounting/state'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { FREE_PLANS } from '@turnpike/core/billing/plan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { ok } from '@turnpike/core/result'
import { Books } from '../billing/testing/books.ts'
import { defaultSettings } from '../config/load.ts'
import { nodeHasher } from '../hasher.ts'
import { verifyWebhook } from '../quota/webhook.ts'
import { ClosedBooks } from './closed.ts'
import { closeNext } from './close.ts'
import { accountFileName } from './files.ts'
import { closingJob } from './job.ts'
import { makeStatement } from './make.ts'
import type { StatementParts } from './sources.ts'
import { statementWebhookJobs } from './webhook.ts'

const OCTOBER = parsePeriod('2026-10')!
const NOVEMBER = parsePeriod('2026-11')!
const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const SPACE: SpaceDid = 'did:key:one'
const MINUTE_MS = 60_000

/** A deployment whose clock and open epoch a test sets. */
async function openRig(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-close-'))
  const books = new Books()
  t.after(async () => {
    books.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const now = { ms: 0, open: null as LogState['open'] }
  const parts: StatementParts = {
    dataDir,
    settings: defaultSettings(dataDir),
    plans: FREE_PLANS,
    host: {
      settled: async (work: (log: LogState) => Promise<NonNullable<unknown>>) =>
        ok(await work({ size: 7, open: now.open } as LogState)),
      settledThen: async (
        open: (log: LogState) => Promise<NonNullable<unknown>>,
        work: (opened: NonNullable<unknown>) => Promise<NonNullable<unknown>>,
      ) => ok(await work(await open({ size: 7, open: now.open } as LogState))),
    } as unknown as StatementParts['host'],
    ledger: books.ledger,
    billing: books.rig.billing,
    catalog: books.rig.catalog,
    clock: { nowMs: () => now.ms, monotonicMs: () => now.ms },
    hasher: nodeHasher,
  }
  books.addCustomer(ALICE, OCTOBER.firstEpoch + 3)
  books.assign(SPACE, ALICE, OCTOBER.firstEpoch + 3)
  books.read({ epoch: OCTOBER.firstEpoch + 5, space: SPACE, bytes: 100n })
  books.read({ epoch: NOVEMBER.firstEpoch, space: SPACE, bytes: 11n })
  const fileOf = (period: string, name: string): string => join(dataDir, 'statements', period, name)
  return { books, parts, now, closed: new ClosedBooks(parts.billing), fileOf }
}

function afterMs(endEpoch: number): number {
  return endEpoch * EPOCH_MS + MINUTE_MS
}

async function closeOne(parts: StatementParts): Promise<string | undefined> {
  const { ok: closing, error } = await closeNext(parts)
  assert.equal(error, undefined)
  return closing!.closed?.period.name
}

test('M4: a month is closed a minute after its last hour, when the log is past it', async (t) => {
  const { parts, now, closed } = await openRig(t)
  now.ms = afterMs(OCTOBER.endEpoch) - 1
  assert.equal(await closeOne(parts), undefined)
  now.ms = afterMs(OCTOBER.endEpoch)
  now.open = { epoch: OCTOBER.endEpoch - 1, first: 0, firstRoot: new Uint8Array(32) }
  assert.equal(await closeOne(parts), undefined)
  now.open = null
  assert.equal(closed.openEpoch(), 0)
  assert.equal(await closeOne(parts), '2026-10')
  assert.equal(await closeOne(parts), undefined)
  assert.equal(closed.openEpoch(), OCTOBER.endEpoch)
})

test('missed months are closed in turn, from the first with anything in it', async (t) => {
  const { parts, now, closed, fileOf } = await openRig(t)
  now.ms = afterMs(NOVEMBER.endEpoch)
  await closingJob(parts).run(new AbortController().signal)
  assert.deepEqual(
    closed.after(0).map(({ period }) => period.name),
    ['2026-10', '2026-11'],
  )
  for (const { account, digest } of closed.statements('2026-10')) {
    const json = await readFile(fileOf('2026-10', `${accountFileName(account)}.json`))
    assert.equal(createHash('sha256').update(json).digest('hex'), digest)
  }
  const all = await readFile(fileOf('2026-11', 'all.json'), 'utf8')
  assert.equal((JSON.parse(all) as { egressBytes: number }).egressBytes, 11)
  assert.ok(existsSync(fileOf('2026-11', 'all.html')))
  assert.ok(existsSync(fileOf('2026-11', 'suspense.csv')))
})

test('after a crash between files and books a month is closed with the same bytes', async (t) => {
  const { parts, now, closed, fileOf } = await openRig(t)
  now.ms = afterMs(OCTOBER.endEpoch)
  parts.billing.exec('ALTER TABLE closed_statements RENAME TO away')
  await assert.rejects(closeNext(parts))
  const before = await readFile(fileOf('2026-10', 'all.json'), 'utf8')
  assert.equal(closed.last(), undefined)
  parts.billing.exec('ALTER TABLE away RENAME TO closed_statements')
  assert.equal(await closeOne(parts), '2026-10')
  assert.equal(await readFile(fileOf('2026-10', 'all.json'), 'utf8'), before)
})

test('what comes into a month while it is closed is in it, or it is not closed', async (t) => {
  const { books, parts, now, closed, fileOf } = await openRig(t)
  now.ms = afterMs(OCTOBER.endEpoch)
  const read = { epoch: OCTOBER.firstEpoch + 9, space: SPACE, bytes: 30n }
  const settledThen = (async (open, work) => {
    const opened = await open({ size: 7, open: null } as LogState, { more: false } as CaughtUp)
    books.read(read)
    return ok(await work(opened))
  }) satisfies StatementParts['host']['settledThen']
  const disturbed = { ...parts, host: { ...parts.host, settledThen } }
  assert.equal(await closeOne(disturbed), undefined)
  assert.equal(closed.last(), undefined)
  assert.ok(!existsSync(fileOf('2026-10', 'all.json')))
  assert.equal(await closeOne(parts), '2026-10')
  const all = await readFile(fileOf('2026-10', 'all.json'), 'utf8')
  assert.equal((JSON.parse(all) as { egressBytes: number }).egressBytes, 130)
})

test('a closed month that comes out otherwise is an error, and stays as it was', async (t) => {
  const { books, parts, now, closed } = await openRig(t)
  now.ms = afterMs(OCTOBER.endEpoch)
  const job = closingJob(parts)
  await job.run(new AbortController().signal)
  const query = { period: OCTOBER, account: ALICE, format: 'json' } as const
  const { ok: again } = await makeStatement(parts, query)
  assert.equal(again!.status, 'final')
  assert.equal(again!.digest, closed.digest('2026-10', ALICE))
  books.read({ epoch: OCTOBER.endEpoch - 1, space: SPACE, bytes: 1n })
  assert.equal((await makeStatement(parts, query)).error?.name, 'StatementChanged')
  now.ms += 24 * 60 * MINUTE_MS
  await assert.rejects(job.run(new AbortController().signal), { name: 'StatementChanged' })
  assert.equal(closed.digest('2026-10', ALICE), again!.digest)
})

test('what was credited and not used up is taken off in the next month', async (t) => {
  const { books, parts, now } = await openRig(t)
  const read = { epoch: OCTOBER.firstEpoch + 6, space: SPACE, bytes: 500n }
  books.read(read)
  now.ms = afterMs(OCTOBER.endEpoch)
  assert.equal(await closeOne(parts), '2026-10')
  books.voidRead(NOVEMBER.firstEpoch + 2, 1, read)
  now.ms = afterMs(NOVEMBER.endEpoch)
  assert.equal(await closeOne(parts), '2026-11')
  const period = parsePeriod('2026-12')!
  const { ok: made } = await makeStatement(parts, { period, account: ALICE, format: 'json' })
  const { bill, status, asOfEntry } = JSON.parse(made!.text) as {
    bill: { credit: unknown }
    status: string
    asOfEntry: number
  }
  assert.deepEqual(bill.credit, { openingBytes: 489, leftBytes: 489 })
  assert.deepEqual([status, asOfEntry], ['draft', 7])
})

test('a closed month is told of once, signed, when the address takes it', async (t) => {
  const { parts, now } = await openRig(t)
  const got: { id: string; body: Buffer; signature: string }[] = []
  let status = 500
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const signature = String(request.headers['turnpike-signature'])
    const id = String(request.headers['turnpike-event'])
    got.push({ id, body: Buffer.concat(chunks), signature })
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const random = { bytes: (length: number) => new Uint8Array(length) }
  const secretFile = join(parts.dataDir, 'secret')
  await writeFile(secretFile, 'open sesame\n')
  const { port } = server.address() as AddressInfo
  const silent = { ...parts.settings, statementWebhook: 'https://example.com/' }
  const [mute] = statementWebhookJobs({ ...parts, random, settings: silent })
  const never = new AbortController().signal
  await assert.rejects(mute!.run(never), /"statementWebhookSecret" expected a file/)
  const told = {
    ...parts,
    random,
    settings: {
      ...parts.settings,
      statementWebhook: `http://127.0.0.1:${port}/`,
      statementWebhookSecret: secretFile,
      allowPrivateOrigins: true,
    },
  }
  now.ms = afterMs(OCTOBER.endEpoch)
  assert.equal(await closeOne(told), '2026-10')
  const [job] = statementWebhookJobs(told)
  await job!.run(new AbortController().signal)
  status = 204
  now.ms += 60 * MINUTE_MS
  await job!.run(new AbortController().signal)
  await job!.run(new AbortController().signal)
  assert.equal(got.length, 2)
  const { id, body, signature } = got[1]!
  assert.equal(id, '2026-10')
  assert.ok(verifyWebhook(body, signature, Buffer.from('open sesame'), now.ms))
  assert.ok(!verifyWebhook(body, signature, Buffer.from('another'), now.ms))
  const { digest } = JSON.parse(body.toString()) as { digest: string }
  assert.equal(digest, new ClosedBooks(parts.billing).period('2026-10')!.digest)
})
