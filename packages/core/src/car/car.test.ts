import { encode } from '@ipld/dag-cbor'
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import {
  BLOCK_BYTES_MAX,
  CAR_CID_BYTES_MAX,
  CAR_HEADER_BYTES_MAX,
  CAR_PADDING_BYTES_MAX,
} from '../limits.ts'
import { DAG_PB, linkToCid, linkToString, RAW, type Link } from '../link.ts'
import { encodeMultihash, IDENTITY, SHA2_256 } from '../multihash.ts'
import { writeVarint } from '../varint.ts'
import { decodeCar, type CarFrame } from './decode.ts'
import { carFrame, encodeCar, encodeCarHeader } from './encode.ts'
import { readCar } from './read.ts'

const sha256 = (bytes: Uint8Array): Uint8Array =>
  encodeMultihash(SHA2_256, new Uint8Array(hash('sha256', bytes, 'buffer')))

type Block = { link: Link; bytes: Uint8Array }

const link = fc.oneof(
  fc.uint8Array().map((seed): Link => ({ version: 0, codec: DAG_PB, multihash: sha256(seed) })),
  fc.uint8Array().map((seed): Link => ({ version: 1, codec: RAW, multihash: sha256(seed) })),
  fc.uint8Array({ maxLength: 100 }).map((digest): Link => ({
    version: 1,
    codec: 0x0129,
    multihash: encodeMultihash(IDENTITY, digest),
  })),
)
const block = fc.record({ link, bytes: fc.uint8Array({ maxLength: 300 }) })
const content = fc.record({
  roots: fc.array(link, { maxLength: 3 }),
  blocks: fc.array(block, { maxLength: 8 }),
})

/** A CARv2 around a CARv1: padding before it, an index behind. */
function version2(inner: Uint8Array, padding: number, index: Uint8Array): Uint8Array {
  const head = new Uint8Array(11 + 40 + padding)
  const pragma = encode({ version: 2 })
  head.set(pragma, writeVarint(head, 0, pragma.length))
  const view = new DataView(head.buffer)
  view.setBigUint64(11 + 16, BigInt(head.length), true)
  view.setBigUint64(11 + 24, BigInt(inner.length), true)
  return concatBytes([head, inner, index])
}

/** Cuts `bytes` where `cuts` say, as fractions. */
async function* inChunks(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b)
  let from = 0
  for (const to of [...at, bytes.length]) {
    yield bytes.subarray(from, to)
    from = to
  }
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<CarFrame[]> {
  const car = await readCar(source)
  if (car.error) throw car.error
  const frames: CarFrame[] = []
  for await (const frame of car.ok.frames) {
    if (frame.error) throw frame.error
    frames.push(frame.ok)
  }
  return frames
}

test('what was written is read, with offsets that point at the blocks', () => {
  fc.assert(
    fc.property(content, fc.nat(40), fc.uint8Array(), fc.boolean(), (car, padding, index, two) => {
      const inner = encodeCar(car.roots, car.blocks)
      const file = two ? version2(inner, padding, index) : inner
      const read = decodeCar(file)
      assert.ok(read.ok, read.error?.message)
      assert.equal(read.ok.header.version, two ? 2 : 1)
      assert.deepEqual(read.ok.header.roots.map(linkToString), car.roots.map(linkToString))
      assert.equal(read.ok.frames.length, car.blocks.length)
      read.ok.frames.forEach((frame, i) => {
        const wrote = car.blocks[i]!
        assert.deepEqual(frame.link, wrote.link)
        assert.deepEqual(frame.bytes, wrote.bytes)
        assert.deepEqual(
          file.subarray(frame.offset, frame.offset + frame.bytes.length),
          wrote.bytes,
        )
        const prefix = carFrame(wrote.link, wrote.bytes.length)
        assert.deepEqual(file.subarray(frame.frameOffset, frame.offset), prefix)
      })
    }),
  )
})

test('any chunking of a file gives the same frames', async () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(content, cuts, fc.boolean(), async (car, at, two) => {
      const inner = encodeCar(car.roots, car.blocks)
      const file = two ? version2(inner, 3, new Uint8Array(5)) : inner
      assert.deepEqual(await readAll(inChunks(file, at)), decodeCar(file).ok!.frames)
    }),
  )
})

test('a file cut anywhere but between frames is refused, at any byte', async () => {
  const blocks: Block[] = [200, 0, 5].map((size) => {
    const bytes = new Uint8Array(size).fill(size)
    return { link: { version: 1, codec: RAW, multihash: sha256(bytes) }, bytes }
  })
  const inner = encodeCar([blocks[0]!.link], blocks)
  const whole = new Set([inner.length, ...decodeCar(inner).ok!.frames.map((f) => f.frameOffset)])
  for (let length = 0; length <= inner.length; length++) {
    const cut = decodeCar(inner.subarray(0, length))
    assert.equal(cut.ok !== undefined, whole.has(length), `cut at ${length}`)
    if (cut.error) assert.equal(cut.error.offset, length)
  }
  const two = version2(inner, 7, new Uint8Array(9))
  const end = 11 + 40 + 7 + inner.length
  for (let length = 0; length <= two.length; length++) {
    const cut = two.subarray(0, length)
    assert.equal(decodeCar(cut).ok !== undefined, length >= end, `version 2 cut at ${length}`)
    const read = await readAll(inChunks(cut, [0.3, 0.7])).catch((error: Error) => error.name)
    assert.equal(typeof read === 'string', length < end)
  }
})

test('agrees with fixtures that other implementations wrote', async (t) => {
  const root = new URL('../../../../../shared/fixtures/gateway-conformance/', import.meta.url)
  if (!existsSync(root)) return t.skip('no ../shared/fixtures beside the repository')
  let frames = 0
  for (const path of globSync('**/*.car', { cwd: root.pathname })) {
    const file = readFileSync(new URL(path, root))
    const read = decodeCar(file)
    assert.ok(read.ok, `${path}: ${read.error?.message}`)
    assert.deepEqual(encodeCar(read.ok.header.roots, read.ok.frames), new Uint8Array(file), path)
    frames += read.ok.frames.length
  }
  assert.ok(frames > 100)
})

const EMPTY_RAW: Link = { version: 1, codec: RAW, multihash: encodeMultihash(0, new Uint8Array()) }

/** A length, then the bytes. */
function section(bytes: Uint8Array, length: number = bytes.length): Uint8Array {
  const prefix = new Uint8Array(8)
  return concatBytes([prefix.subarray(0, writeVarint(prefix, 0, length)), bytes])
}

test('refuses what is malformed, saying where, what was expected and what came', () => {
  const header = encodeCarHeader([])
  const after = (bytes: Uint8Array): Uint8Array => concatBytes([header, bytes])
  const nested = version2(version2(header, 0, new Uint8Array()), 0, new Uint8Array())
  const far = version2(header, CAR_PADDING_BYTES_MAX, new Uint8Array())
  const farther = version2(header, CAR_PADDING_BYTES_MAX + 1, new Uint8Array())
  const early = version2(header, 0, new Uint8Array())
  early[11 + 16] = 50
  const crossing = version2(encodeCar([], [{ link: EMPTY_RAW, bytes: header }]), 0, header)
  crossing[11 + 24]! -= 1
  const cid = linkToCid(EMPTY_RAW).bytes
  const long = new Uint8Array(9).fill(0x80)
  const refused: [RegExp, Uint8Array][] = [
    [/byte 0: expected a CAR header, got the end of the file/, new Uint8Array()],
    [/byte 0: expected a header of 1 to 1048576 bytes, got 0/, new Uint8Array(10)],
    [/a header of 1 to .* got 1048577/, section(new Uint8Array(1), CAR_HEADER_BYTES_MAX + 1)],
    [/byte 0: expected a length of <= 8 bytes/, long],
    [/byte 1: expected a header in DAG-CBOR/, section(new Uint8Array([0xff]))],
    [/version 1 or 2, got version undefined/, section(encode(null))],
    [/version 1 or 2, got version 3/, section(encode({ version: 3, roots: [] }))],
    [/a list of roots, got undefined/, section(encode({ version: 1 }))],
    [/roots that are links, got string/, section(encode({ version: 1, roots: ['x'] }))],
    [
      /byte 18: expected a frame of 1 to 4194560 bytes, got one of 0/,
      after(section(new Uint8Array())),
    ],
    [/byte 18: expected a length of <= 8/, after(long)],
    [/byte 19: expected a CID, got bytes 02/, after(section(new Uint8Array([2, 0x55, 0, 0])))],
    [/expected a CID/, after(section(cid.subarray(0, 3)))],
    [/expected a CID/, after(section(concatBytes([cid.subarray(0, 2), long])))],
    [/expected a CID/, after(section(new Uint8Array([0x12, 0x20, 1])))],
    [/expected a frame of 1 to/, after(section(cid, BLOCK_BYTES_MAX + CAR_CID_BYTES_MAX + 1))],
    [
      /a block of <= 4194304 bytes, got 4194305/,
      encodeCar([], [{ link: EMPTY_RAW, bytes: new Uint8Array(BLOCK_BYTES_MAX + 1) }]),
    ],
    [/version 1 inside version 2/, nested],
    [/data from byte 51 to/, farther],
    [/data from byte 51 to/, early],
    [/a frame within the 21 bytes left of the inner CAR, got 22/, crossing],
  ]
  for (const [expected, file] of refused) {
    const { error } = decodeCar(file)
    assert.equal(error?.name, 'CarMalformed', String(expected))
    assert.match(error.message, expected)
  }
  assert.ok(decodeCar(far).ok)
  const largest = { link: EMPTY_RAW, bytes: new Uint8Array(BLOCK_BYTES_MAX) }
  assert.ok(decodeCar(encodeCar([], [largest])).ok)
})

test('leaving the frames ends the source, and a fault of the source comes through', async () => {
  let ended = false
  const file = encodeCar([], [{ link: EMPTY_RAW, bytes: new Uint8Array(100) }])
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield file
      throw new Error('origin went away')
    } finally {
      ended = true
    }
  }
  for await (const _ of (await readCar(source())).ok!.frames) break
  assert.ok(ended)
  await assert.rejects(readAll(source()), /origin went away/)
})

test('a link outlives its chunk, a Buffer included', () => {
  const bytes = Buffer.from(encodeCar([], [{ link: EMPTY_RAW, bytes: new Uint8Array(3) }]))
  const [frame] = decodeCar(bytes).ok!.frames
  bytes.fill(0xff)
  assert.deepEqual(frame!.link, EMPTY_RAW)
})
