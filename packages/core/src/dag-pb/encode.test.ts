import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAG_PB, type Link, RAW, linkToBytes, sameBlock } from '../link.ts'
import { decodeDagPb } from './decode.ts'
import { type PbLink, encodePbNode, fieldLength, pbLinkLength } from './encode.ts'

function linkOf(version: 0 | 1, fill = 7): Link {
  const multihash = new Uint8Array(34).fill(fill)
  multihash.set([0x12, 0x20])
  return { version, codec: version === 0 ? DAG_PB : RAW, multihash }
}

const links: fc.Arbitrary<PbLink[]> = fc.array(
  fc.record({
    link: fc
      .tuple(fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>, fc.nat(255))
      .map(([version, fill]) => linkOf(version, fill)),
    name: fc.uint8Array({ maxLength: 300 }),
    tsize: fc.maxSafeNat(),
  }),
  { maxLength: 20 },
)

test('what is written reads back, and weighs what was foretold', () => {
  fc.assert(
    fc.property(links, fc.array(fc.uint8Array()), (wanted, data) => {
      const bytes = encodePbNode(wanted, data)
      const node = decodeDagPb(bytes).ok!
      assert.equal(node.linkCount, wanted.length)
      wanted.forEach(({ link, name, tsize }, index) => {
        assert(sameBlock(node.link(index), link))
        assert.deepEqual(linkToBytes(node.link(index)), linkToBytes(link))
        assert.deepEqual(node.nameBytes(index), name)
        assert.equal(node.tsize(index), tsize)
      })
      const joined = data.flatMap((part) => [...part])
      assert.deepEqual([...node.data!], joined)
      const foretold = wanted.reduce((sum, link) => sum + pbLinkLength(link), 0)
      assert.equal(bytes.length, foretold + fieldLength(joined.length))
    }),
  )
})

test("links weigh what kubo's tests say", () => {
  // ipfs/kubo test/cli/cid_profiles_test.go, TestProtobufHelpers.
  // Name bytes, CID version, Tsize, bytes of the link.
  const cases = [
    [255, 0, 0, 299],
    [255, 1, 0, 301],
    [10, 1, 0, 54],
    [255, 1, 34_359_738_367, 305],
  ] as const
  for (const [nameBytes, version, tsize, bytes] of cases)
    assert.equal(
      pbLinkLength({ link: linkOf(version), name: new Uint8Array(nameBytes), tsize }),
      bytes,
    )
})

test('a Tsize that is no safe integer is refused', () => {
  const name = new Uint8Array(0)
  for (const tsize of [-1, 0.5, 2 ** 53])
    assert.throws(() => encodePbNode([{ link: linkOf(1), name, tsize }], []), RangeError)
})
