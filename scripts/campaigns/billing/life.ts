/**
 * The process of the billing campaign: lives one life after the other on the folders that it is
 * told, with the product's real parts, until it is killed.
 *
 * Before and after each thing that can be told from outside it writes a line to a file, which is
 * there whatever becomes of the process.
 * @module
 */
import { appendFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import type { Result } from '@turnpike/core/result'
import { begin, enter, world } from './world.ts'
import type { Life, ReadStep, RecordStep, Step } from './script.ts'

await enter()
const { openAccounting, accountingPaths } = await import('@turnpike/node/accounting/open')
const { openFolder } = await import('@turnpike/node/folder/open')
const { openJournal } = await import('@turnpike/node/journal/journal')
const { openProvisioning } = await import('@turnpike/node/provisioning/open')
const { nodeHasher } = await import('@turnpike/node/hasher')
const { encodeRead, encodeFetch } = await import('@turnpike/core/log/encode')
const { DENY, READ_FLAGS } = await import('@turnpike/core/log/entry')
const { receiptIdOf } = await import('@turnpike/core/log/receipt-id')
const { defaultSettings } = await import('@turnpike/node/config/load')
const { CUSTOMERS, stripeIdOf } = await import('./script.ts')

/** A line of the file: what is about to be done (`try`), or was. */
export interface Line {
  readonly n: number
  readonly what: 'try' | 'done' | 'failed'
  readonly nowMs: number
  readonly told?: unknown
}

const HOST = { domain: 'gateway.example', provider: 'did:key:zGateway', region: 'eu' }
const PROVIDER = 'did:web:gateway.example'
/** Small, so that a life takes no time to make room, and that files are let go of. */
const JOURNAL = { fileBytes: 1 << 14, frameBytes: 1 << 13, reserveBytes: 0, openReadsMax: 64 }

/** Somebody who calls operations and never leaves. */
const CALL = { signal: new AbortController().signal, progress: () => {} }

type Folder = Awaited<ReturnType<typeof openParts>>

async function openParts({ data, stripeKey, stripeApi }: Life) {
  const clock = { nowMs: Date.now, monotonicMs: () => world.monotonicMs }
  const folder = need(await openFolder(data, { clock, hasher: nodeHasher }))
  const path = join(accountingPaths(data).journals, '0')
  const journal = need(await openJournal({ folder: path, onFailure: () => {}, ...JOURNAL }))
  const settings = { ...defaultSettings(data), stripeKey, stripeApi }
  const options = { dataDir: data, origin: 'campaign.example/log', slotsInUse: ['0'], settings }
  const accounting = need(await openAccounting(options))
  return { folder, journal, accounting, provisioning: openProvisioning(folder) }
}

function need<T extends NonNullable<unknown>>(result: Result<T>): T {
  if (result.error !== undefined) throw result.error
  return result.ok
}

/** Lives a life to its end, or dies in it. */
async function live(life: Life): Promise<void> {
  const { data, startMs, steps, fault } = life
  begin(startMs, fault)
  const say = (line: Omit<Line, 'nowMs'>): void =>
    appendFileSync(join(data, '../lines'), `${JSON.stringify({ ...line, nowMs: world.nowMs })}\n`)
  try {
    const parts = await openParts(life)
    for (const did of CUSTOMERS) {
      parts.provisioning.addCustomer({ did, createdMs: startMs })
      const names = { customer: did, stripeId: stripeIdOf(did) }
      need(await parts.accounting.operations['stripeMap']!(names, CALL))
    }
    for (const step of steps) {
      say({ n: step.n, what: 'try' })
      try {
        say({ n: step.n, what: 'done', told: await take(step, parts) })
      } catch (error) {
        say({ n: step.n, what: 'failed', told: String(error) })
      }
    }
    await parts.journal.close()
    await parts.accounting.close()
    await parts.folder.close()
  } catch (error) {
    // On a full disk a folder need not open, nor close. What was open goes with the process.
    if (fault?.kind === 'full') process.kill(process.pid, 'SIGKILL')
    throw error
  }
}

async function take(step: Step, { journal, accounting, provisioning }: Folder): Promise<unknown> {
  const atMs = Date.now()
  switch (step.do) {
    case 'reads': {
      const ids = step.reads.filter((read) => {
        const open = journal.admit()
        open?.end(entriesOf(read))
        return open !== undefined
      })
      await journal.flush()
      return ids.map(({ id }) => id)
    }
    case 'records':
      return need(await accounting.operations['egressRecord']!(step.records.map(recordOf), CALL))
    case 'void': {
      const receipt = receiptIdOf(bytesOf(step.id), nodeHasher)
      return need(await accounting.operations['void']!({ receipt, reason: 'duplicate' }, CALL))
    }
    case 'assign': {
      const { space, customer } = step as never as { space: 'did:key:z'; customer: 'did:key:z' }
      return need(provisioning.assign({ space, customer, provider: PROVIDER, atMs, move: true }))
    }
    case 'release':
      return need(provisioning.release(step.space as 'did:key:z', atMs))
    case 'pass':
      world.nowMs += step.ms
      world.monotonicMs += step.ms
      return null
    case 'set':
      world.nowMs += step.ms
      return null
    case 'catchUp':
      return need(await accounting.catchUp())
    case 'rebuild':
      return need(await accounting.rebuild())
    case 'jobs':
      for (const job of accounting.jobs) await job.run(CALL.signal)
      return null
    case 'draft': {
      const period = new Date(atMs).toISOString().slice(0, 7)
      return need(await accounting.operations['statement']!({ period, format: 'json' }, CALL))
    }
  }
}

function entriesOf({ id, space, bytes, kind, fetched }: ReadStep): Uint8Array[] {
  const { allowed, content, synthetic } = READ_FLAGS
  const read = {
    ...HOST,
    id: bytesOf(id),
    ts: Date.now(),
    started: Date.now(),
    space,
    cid: new Uint8Array([1, 0x55, 0, 1, bytes % 7]),
    status: kind === 'refused' ? 403 : kind === 'error' ? 502 : 200,
    bytes: kind === 'refused' ? 0n : BigInt(bytes),
    flags: kind === 'refused' ? 0 : allowed,
    deny: kind === 'refused' ? DENY.authorization : DENY.none,
    count: kind === 'refused' ? 3 : 1,
    grade: 1,
  }
  if (kind === 'content') read.flags |= content
  if (kind === 'probe') read.flags |= content | synthetic
  const group = [encodeRead(read)]
  if (fetched > 0) {
    const provider = 'did:key:zNode'
    const amounts = { bytes: BigInt(fetched), requests: 1, failed: 0 }
    group.push(encodeFetch({ id: read.id, provider, ...amounts }))
  }
  return group
}

function recordOf({ key, issuer, space, bytes }: RecordStep) {
  const resource = resourceOf(key)
  return { key: bytesOf(key), issuer, space, resource, bytes, servedAtMs: Date.now() }
}

/** A CID of its own for each record, by which it is known in the log. */
function resourceOf(key: string): Uint8Array {
  return new Uint8Array([1, 0x55, 0, 32, ...bytesOf(key)])
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

// The next process needs less than half of the time to start.
flushCompileCache()
process.on('message', (life: Life) => {
  live(life).then(
    () => process.send!({}),
    (error: Error) => process.send!({ error: error.stack }),
  )
})
process.send!({})
