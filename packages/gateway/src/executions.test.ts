import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { JOURNAL_GROUP_BYTES_MAX } from '@turnpike/core/limits/log'
import { EXECUTIONS_RECORDED_MAX } from '@turnpike/core/limits/read-receipts'
import { decodeEntry } from '@turnpike/core/log/decode'
import { type ExecEntry, type ReadEntry, READ_FLAGS } from '@turnpike/core/log/entry'
import { groupBytes } from '@turnpike/core/log/frame'
import { ok } from '@turnpike/core/result'
import { OriginFault } from '@turnpike/core/ports/blob'
import type { Journal } from '@turnpike/core/ports/journal'
import { type Execution, ReadEnded } from './executions.ts'
import type { GatewayDeps } from './deps.ts'
import { createGateway } from './gateway.ts'
import { rawBlocks } from './testing/blocks.ts'
import { alice, World } from './testing/world.ts'

const [block] = rawBlocks(1, 100)
const url = `http://gateway.example/ipfs/${linkToString(block!.link)}`
const ran: Execution = {
  cpuUs: 1500,
  diskReadBytes: 4096n,
  diskWriteBytes: 2n ** 60n,
  code: new Uint8Array(36).fill(1),
  exit: 0,
}

/** A world of one block, and the groups that its journal was given. */
function rig(options: Partial<GatewayDeps> = {}): {
  handle: () => ReturnType<Handle>
  groups: Uint8Array[][]
  drafts: ReadEntry[]
} {
  const world = new World()
  world.put(alice, [block!])
  const groups: Uint8Array[][] = []
  const drafts: ReadEntry[] = []
  const journal: Journal = {
    admit: () => ({
      start: (read) => void drafts.push(read),
      mark() {},
      end: (entries) => void groups.push([...entries]),
    }),
  }
  const gateway = createGateway(world.deps({ journal, ...options }))
  return { handle: () => gateway.handle(new Request(url)), groups, drafts }
}
type Handle = ReturnType<typeof createGateway>['handle']

/** The READ and the EXEC entries of a group. */
function decoded(group: readonly Uint8Array[]): { read: ReadEntry; execs: ExecEntry[] } {
  const [read, ...execs] = group.map((bytes) => decodeEntry(bytes).ok!)
  assert.equal(read!.kind, 'read')
  return {
    read: read!.entry as ReadEntry,
    execs: execs.map(({ kind, entry }) => {
      assert.equal(kind, 'exec')
      return entry as ExecEntry
    }),
  }
}

test('an execution is in one group with its READ, which says that it was dynamic', async () => {
  const { handle, groups, drafts } = rig()
  const { body } = await handle()
  body.start()
  assert.ok(body.executed(ran).ok)
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  assert.equal(groups.length, 1)
  const { read, execs } = decoded(groups[0]!)
  assert.equal(drafts[0]!.flags & READ_FLAGS.dynamic, 0, 'nothing had run when it started')
  assert.equal(read.flags & READ_FLAGS.dynamic, READ_FLAGS.dynamic)
  const { id, ts, read: readId, domain, space, provider, region, ...figures } = execs[0]!
  assert.deepEqual(figures, { ...ran, code: figures.code })
  assert.deepEqual(figures.code && [...figures.code], [...ran.code!])
  assert.deepEqual([...readId], [...read.id])
  assert.notDeepEqual([...id], [...read.id])
  assert.ok(ts >= read.started)
  assert.deepEqual(
    [domain, space, provider, region],
    [read.domain, read.space, read.provider, read.region],
  )
})

test('a read that draws on a quota has its executions, too', async () => {
  const lease = { bytesMax: 1000, extend: () => true, end() {} }
  const { handle, groups } = rig({ quota: { refusal: () => undefined, open: () => ok(lease) } })
  const { body } = await handle()
  assert.ok(body.executed(ran).ok)
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  assert.equal(decoded(groups[0]!).execs.length, 1)
})

test('an answer that has no entry has no executions', async () => {
  const { handle } = rig({ journal: { admit: () => undefined } })
  const { status, body } = await handle()
  assert.equal(status, 503)
  assert.ok(body.executed(ran).error instanceof ReadEnded)
})

test('a read without executions is not dynamic', async () => {
  const { handle, groups } = rig()
  const { body } = await handle()
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  const { read, execs } = decoded(groups[0]!)
  assert.equal(read.flags & READ_FLAGS.dynamic, 0)
  assert.deepEqual(execs, [])
})

test('an execution that ends after its read is refused', async () => {
  const { handle, groups } = rig()
  const { body } = await handle()
  body.settle({ bytes: 0, grade: 1, end: 'client-left' })
  assert.ok(body.executed(ran).error instanceof ReadEnded)
  assert.equal(decoded(groups[0]!).execs.length, 0)
})

test('executions beyond the bound are summed into the last, and fail if one fails', async () => {
  const { handle, groups } = rig()
  const { body } = await handle()
  for (let n = 0; n < EXECUTIONS_RECORDED_MAX; n++) body.executed(ran)
  body.executed({ ...ran, diskWriteBytes: 2n ** 64n - 1n, exit: 7 })
  body.executed({ ...ran, cpuUs: Number.MAX_SAFE_INTEGER })
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  const { execs } = decoded(groups[0]!)
  assert.equal(execs.length, EXECUTIONS_RECORDED_MAX)
  assert.equal(execs[0]!.cpuUs, ran.cpuUs)
  const { cpuUs, diskReadBytes, diskWriteBytes, code, exit } = execs.at(-1)!
  assert.deepEqual(
    [cpuUs, diskReadBytes, diskWriteBytes, code, exit],
    [Number.MAX_SAFE_INTEGER, 3n * 4096n, 2n ** 64n - 1n, null, 7],
  )
})

test('figures that no entry holds are refused', async () => {
  const { handle, groups } = rig()
  const { body } = await handle()
  const wrong: Partial<Execution>[] = [
    { cpuUs: -1 },
    { cpuUs: 0.5 },
    { exit: Number.NaN },
    { diskReadBytes: -1n },
    { diskWriteBytes: 2n ** 64n },
    { code: new Uint8Array(73) },
  ]
  for (const fields of wrong) assert.throws(() => body.executed({ ...ran, ...fields }), RangeError)
  body.executed({ ...ran, code: new Uint8Array(72) })
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  assert.equal(decoded(groups[0]!).execs.length, 1)
})

test('fetches that have no room beside their read get groups of their own', async () => {
  const world = new World()
  const blocks = rawBlocks(1, 100)
  const urls = Array.from({ length: 12 }, (_, n) => `https://${'n'.repeat(400)}${n}.example`)
  world.put(alice, blocks, urls)
  const groups: Uint8Array[][] = []
  const journal: Journal = {
    admit: () => ({ start() {}, mark() {}, end: (entries) => void groups.push([...entries]) }),
  }
  // All but the last fail, so that the read draws on each.
  let left = urls.length
  world.onFill = (site) => {
    left -= 1
    return left > 0 ? new OriginFault('OriginUnavailable', site, 'away') : undefined
  }
  const { body } = await createGateway(world.deps({ journal })).handle(
    new Request(`http://gateway.example/ipfs/${linkToString(blocks[0]!.link)}`),
  )
  body.executed(ran)
  body.settle({ bytes: 100, grade: 1, end: 'complete' })
  const kinds = groups.map((group) => group.map((entry) => decodeEntry(entry).ok!.kind))
  const fetches = kinds.flat().filter((kind) => kind === 'fetch').length
  assert.ok(fetches >= 10, `${fetches} fetches`)
  assert.ok(groups.length > 1, 'some stand alone')
  for (const group of groups) assert.ok(groupBytes(group) <= JOURNAL_GROUP_BYTES_MAX)
})
