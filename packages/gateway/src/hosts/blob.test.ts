import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base16 } from 'multiformats/bases/base16'
import { base58btc } from 'multiformats/bases/base58'
import { createGateway } from '../gateway.ts'
import { rawBlocks } from '../testing/blocks.ts'
import { World, alice, drain, type Got } from '../testing/world.ts'
import { NO_HOSTS } from './settings.ts'
import { route } from './route.ts'

const [block] = rawBlocks(1, 90_000) as [ReturnType<typeof rawBlocks>[number]]
const name = base58btc.encode(block.link.multihash)
const bytes = Buffer.from(block.bytes)

async function ask(world: World, init: RequestInit = {}, url = `/blob/${name}`): Promise<Got> {
  const gateway = createGateway(world.deps())
  return drain(await gateway.handle(new Request(`http://gateway.example${url}`, init)))
}

function worldOf(): World {
  const world = new World()
  world.put(alice, [block])
  return world
}

test('a blob is served by its own hash, on the account of its space', async () => {
  const world = worldOf()
  const { status, headers, body } = await ask(world)
  assert.ok(status === 200 && bytes.equals(body))
  assert.equal(headers.get('content-type'), 'application/octet-stream')
  assert.equal(headers.get('etag'), `"${name}"`)
  assert.match(headers.get('cache-control')!, /immutable/)
  assert.equal(headers.get('access-control-allow-origin'), '*')
  assert.equal(headers.get('x-ipfs-path'), undefined)
  assert.deepEqual([world.reads[0]!.space, world.reads[0]!.bytes], [alice, 90_000n])
})

test('HEAD, ranges and conditions are those of content', async () => {
  const world = worldOf()
  const head = await ask(world, { method: 'HEAD' })
  assert.deepEqual([head.headers.get('content-length'), head.body.length], ['90000', 0])
  const one = await ask(world, { headers: { range: 'bytes=80000-' } })
  assert.ok(one.status === 206 && bytes.subarray(80_000).equals(one.body))
  assert.equal(one.headers.get('content-range'), 'bytes 80000-89999/90000')
  const several = await ask(world, { headers: { range: 'bytes=0-1,5-9' } })
  assert.match(several.headers.get('content-type')!, /^multipart\/byteranges/)
  assert.equal((await ask(world, { headers: { range: 'bytes=90000-' } })).status, 416)
  assert.equal((await ask(world, { headers: { 'if-none-match': `"${name}"` } })).status, 304)
})

test('a blob that may not be read can not be told from one that is not there', async () => {
  const refusing = worldOf()
  refusing.granted.clear()
  const [refused, absent] = [await ask(refusing), await ask(new World())]
  assert.deepEqual([refused.status, absent.status], [404, 404])
  assert.deepEqual(refused.body, absent.body)
  const visible = ({ headers }: Got): unknown =>
    [...headers].filter(([key]) => key !== 'x-receipt-id')
  assert.deepEqual(visible(refused), visible(absent))
})

test('a hash may stand in any base, and nothing else may stand there', async () => {
  const world = worldOf()
  const hex = `/blob/${base16.encode(block.link.multihash)}?format=car`
  assert.ok(bytes.equals((await ask(world, {}, hex)).body))
  for (const path of ['', 'z', 'bafkqaaa', `${name}/a`, name.slice(1), 'zQm!'])
    assert.equal(route(`http://h/blob/${path}`, NO_HOSTS).error?.name, 'InvalidPath', path)
})
