/**
 * For tests: the Worker with a bucket that counts and fails at will, its journal to be read, and
 * the contract suites run inside workerd. Everything under `/test/` is the test's own.
 * @module
 */
import { DurableObject, waitUntil } from 'cloudflare:workers'
import { blobReaderContract } from '@turnpike/core/contract/blob-reader'
import { contentIndexContract } from '@turnpike/core/contract/content-index'
import { journalContract } from '@turnpike/core/contract/journal'
import { readIdOf } from '@turnpike/core/log/decode'
import { bytesOfHex, hexOf } from '../keys.ts'
import { JournalObject as ProductObject } from '../journal-object.ts'
import { shardSource } from '../journal-source.ts'
import type { ObjectNamespace, RequestContext } from '../platform.ts'
import { shardName, workerGateway, type WorkerEnv, type WorkerGateway } from '../serve.ts'
import { openBlobSubject, openIndexSubject, openJournalSubject } from './subjects.ts'
import { TestBucket, type Faults, type TestBucketBinding } from './test-bucket.ts'

/** The product's object, which can lose its memory and say what it holds. */
export class JournalObject extends ProductObject {
  /** Ids of the reads that are open, as hex. */
  async openReads(): Promise<string[]> {
    const rows = [...this.ctx.storage.sql.exec('SELECT id FROM reads')]
    return rows.map((row) => hexOf(new Uint8Array(row['id'] as ArrayBuffer)))
  }

  /** Closes all open reads, as their silence would. */
  async closeAll(): Promise<void> {
    this.ctx.storage.sql.exec('DELETE FROM reads')
  }

  /** Ends the object at once, as a crash of its machine would. */
  crash(): void {
    ;(this.ctx as unknown as { abort(reason: string): void }).abort('crash')
  }
}

/** The base has to be imported by whoever bundles an object. */
export const Base: typeof DurableObject = DurableObject

/** Bindings of this Worker. */
export interface TestEnv extends Omit<WorkerEnv, 'CONTENT' | 'JOURNAL'> {
  readonly CONTENT: TestBucketBinding
  readonly JOURNAL: ObjectNamespace<JournalObject>
}

let gateway: WorkerGateway | undefined
let bucket: TestBucket | undefined
/** Whether the journal is out of the Worker's reach. */
let down = false

/** The journal as the Worker under test reaches it. */
function reachable(journal: TestEnv['JOURNAL']): WorkerEnv['JOURNAL'] {
  return {
    idFromName: (name) => journal.idFromName(name),
    get(id) {
      if (down) throw new Error('journal out of reach')
      return journal.get(id)
    },
  }
}

/** One entry of a journal as the test reads it. */
export type EntryHex = string

async function control(request: Request, env: TestEnv, store: TestBucket): Promise<unknown> {
  const [, , verb, name] = new URL(request.url).pathname.split('/')
  if (verb === 'faults') {
    store.faults = (await request.json()) as Faults
    return {}
  }
  if (verb === 'gets') return store.gets.splice(0)
  if (verb === 'entries') return entriesOf(env)
  if (verb === 'open') return shardOf(env).openReads()
  if (verb === 'close')
    return shardOf(env)
      .closeAll()
      .then(() => 'closed')
  if (verb === 'start')
    return shardOf(env)
      .start(bytesOfHex(name!))
      .then(() => 'started')
  if (verb === 'end') return shardOf(env).end(idOf(name!), [bytesOfHex(name!)])
  if (verb === 'record') return shardOf(env).record([bytesOfHex(name!)])
  if (verb === 'down') {
    down = name === 'true'
    return {}
  }
  if (verb === 'contract') return runSuite(name!, env)
  throw new Error(`no such verb: ${verb}`)
}

/** The one shard of the tests. */
function shardOf(env: TestEnv): JournalObject {
  return env.JOURNAL.get(env.JOURNAL.idFromName(shardName(env.REGION, 0)))
}

function idOf(entry: string): Uint8Array {
  return readIdOf(bytesOfHex(entry))!
}

async function entriesOf(env: TestEnv): Promise<EntryHex[]> {
  const source = shardSource('test', () => shardOf(env))
  const { groups } = await source.read(0, 16 << 20)
  return groups.flatMap((group) => group.map(hexOf))
}

type Cases = [name: string, run: () => Promise<void>][]

async function runSuite(suite: string, env: TestEnv): Promise<Record<string, string>> {
  const cases: Cases = []
  if (suite === 'blob-reader')
    blobReaderContract(
      (name, run) => cases.push([name, run]),
      (content) => openBlobSubject(env.CONTENT, content),
    )
  if (suite === 'content-index')
    for (const { name, run } of contentIndexContract)
      cases.push([name, async () => run(await openIndexSubject(env.CONTENT))])
  if (suite === 'journal')
    for (const { name, run } of journalContract)
      cases.push([name, () => run(() => openJournalSubject(env.JOURNAL))])
  const outcomes: Record<string, string> = {}
  for (const [name, run] of cases)
    outcomes[name] = await run().then(
      () => 'passed',
      (error: unknown) => String(error instanceof Error ? error.stack : error),
    )
  return outcomes
}

export default {
  async fetch(request: Request, env: TestEnv, context: RequestContext): Promise<Response> {
    bucket ??= new TestBucket(env.CONTENT)
    gateway ??= workerGateway(
      { ...env, CONTENT: bucket, JOURNAL: reachable(env.JOURNAL) },
      (work) => waitUntil(work),
    )
    if (!new URL(request.url).pathname.startsWith('/test/')) return gateway.fetch(request, context)
    return Response.json(await control(request, env, bucket))
  },
}
