import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginFault, type BlobReader, type BlobSite } from '../ports/blob.ts'
import { fail, ok } from '../result.ts'
import { watchFailures } from './watch-failures.ts'

const DOWN = new OriginFault('OriginUnavailable', 'p', 'down')

/** Reads once through a watch; `opens` and `fills` say whether that works. */
async function watch(opens: boolean, fills: boolean, site: Partial<BlobSite> = {}) {
  const told: string[] = []
  const sites = {
    order: (all: readonly BlobSite[]) => all,
    failed: () => void told.push('failed'),
    succeeded: () => void told.push('succeeded'),
  }
  const inner: BlobReader = {
    serves: (url) => url === 'x:1',
    open: () =>
      opens
        ? ok({ fill: () => (fills ? ok({}) : fail(DOWN)), close: () => void told.push('closed') })
        : fail(DOWN),
  }
  const controller = new AbortController()
  const reader = watchFailures(inner, sites)
  const at = { url: 'x:1', provider: 'p', ...site }
  const blob = { multihash: undefined, key: 'x', size: 1, sites: [at] }
  const open = () => reader.open(blob, at, { first: 0, last: 0 }, controller.signal)
  return { told, controller, reader, open }
}

test('a read that does not open, or breaks, is told once; one that delivers, too', async () => {
  const refused = await watch(false, false)
  assert.equal((await refused.open()).error, DOWN)
  assert.deepEqual(refused.told, ['failed'])
  const broken = await watch(true, false)
  const stream = (await broken.open()).ok!
  assert.equal((await stream.fill(new Uint8Array(1))).error, DOWN)
  await stream.fill(new Uint8Array(1))
  assert.deepEqual(broken.told, ['failed'])
  const good = await watch(true, true)
  const delivering = (await good.open()).ok!
  for (let i = 0; i < 3; i++) assert.ok((await delivering.fill(new Uint8Array(1))).ok)
  delivering.close()
  assert.deepEqual(good.told, ['succeeded', 'closed'])
})

test('what the caller ended, and own sites, are not told', async () => {
  const closed = await watch(true, false)
  const stream = (await closed.open()).ok!
  stream.close()
  await stream.fill(new Uint8Array(1))
  assert.deepEqual(closed.told, ['closed'])
  for (const opens of [true, false]) {
    const aborted = await watch(opens, false)
    const opening = aborted.open()
    aborted.controller.abort()
    await (await opening).ok?.fill(new Uint8Array(1))
    const own = await watch(opens, false, { provider: '' })
    await (await own.open()).ok?.fill(new Uint8Array(1))
    assert.deepEqual([aborted.told, own.told], [[], []])
  }
})

test('serves what its reader serves', async () => {
  const { reader } = await watch(true, true)
  assert.deepEqual([reader.serves('x:1'), reader.serves('y:1')], [true, false])
})
