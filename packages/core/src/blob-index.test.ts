import { encode } from '@ipld/dag-cbor'
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { dagIndexLink, decodeDagIndex, encodeDagIndex, type DagIndex } from './blob-index.ts'
import { compareBytes } from './bytes.ts'
import { encodeCar } from './car/encode.ts'
import { DAG_INDEX_BYTES_MAX, DAG_INDEX_SHARDS_MAX } from './limits.ts'
import { DAG_CBOR, linkFromString, linkToCid, linkToString, RAW, type Link } from './link.ts'
import { encodeMultihash, SHA2_256, SHA2_512 } from './multihash.ts'
import type { Hasher } from './ports/runtime.ts'

const hasher: Hasher = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  digest(code, bytes) {
    if (code === SHA2_256) return hash('sha256', bytes, 'buffer')
    return code === SHA2_512 ? hash('sha512', bytes, 'buffer') : undefined
  },
}
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

type Case = {
  name: string
  content: string
  link: string
  archive: string
  shards: {
    multihash: string
    sizeBytes?: number
    slices: { multihash: string; offset: number; length: number }[]
  }[]
}
const file = new URL('../../../vectors/dag-index.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

function indexOf(vector: Case): DagIndex {
  return {
    content: linkFromString(vector.content)!,
    shards: vector.shards.map((shard) => ({
      multihash: hex(shard.multihash),
      sizeBytes: shard.sizeBytes,
      slices: shard.slices.map((slice) => ({ ...slice, multihash: hex(slice.multihash) })),
    })),
  }
}

/** The same index with its lists in the order of digests. */
function sorted(index: DagIndex): DagIndex {
  const digest = (bytes: Uint8Array): Uint8Array => bytes.subarray(bytes.length > 60 ? -64 : 2)
  const by = (a: { multihash: Uint8Array }, b: { multihash: Uint8Array }): number =>
    compareBytes(digest(a.multihash), digest(b.multihash))
  const shards = index.shards.map((shard) => ({ ...shard, slices: shard.slices.toSorted(by) }))
  return { ...index, shards: shards.toSorted(by) }
}

for (const vector of cases) {
  test(`agrees to the byte with the foreign encoder: ${vector.name}`, () => {
    const archive = encodeDagIndex(indexOf(vector), hasher)
    assert.equal(Buffer.from(archive).toString('base64'), vector.archive)
    assert.equal(linkToString(dagIndexLink(archive, hasher)), vector.link)
  })

  test(`reads what the foreign encoder wrote: ${vector.name}`, () => {
    const decoded = decodeDagIndex(new Uint8Array(Buffer.from(vector.archive, 'base64')), hasher)
    assert.deepEqual(decoded.ok, sorted(indexOf(vector)))
  })
}

test('a block that a shard holds twice is listed once, where it stands first', () => {
  const index = indexOf(cases[0]!)
  const shard = index.shards[0]!
  const again = { ...shard.slices[0]!, offset: 500 }
  const doubled = { ...index, shards: [{ ...shard, slices: [...shard.slices, again] }] }
  assert.deepEqual(encodeDagIndex(doubled, hasher), encodeDagIndex(index, hasher))
})

test('any flipped bit is found', () => {
  const archive = encodeDagIndex(indexOf(cases[0]!), hasher)
  for (let bit = 0; bit < archive.length * 8; bit++) {
    const bad = archive.slice()
    bad[bit >> 3]! ^= 1 << (bit & 7)
    const { error } = decodeDagIndex(bad, hasher)
    assert.equal(error?.name, 'DagIndexMalformed', `bit ${bit}`)
  }
})

test('refuses what is no index, saying what was expected', () => {
  const block = (value: unknown): { link: Link; bytes: Uint8Array } => {
    const bytes = encode(value)
    const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
    return { link: { version: 1, codec: DAG_CBOR, multihash }, bytes }
  }
  const content = linkToCid(linkFromString(cases[0]!.content)!)
  const multihash = hex(cases[0]!.shards[0]!.multihash)
  const indexWith = (shard: unknown): Uint8Array => {
    const leaf = block(shard)
    const shards = [linkToCid(leaf.link)]
    const root = block({ 'index/sharded/dag@0.1': { content, shards } })
    return encodeCar([root.link], [leaf, root])
  }
  const root = block({ 'index/sharded/dag@0.1': { content, shards: [content] } })
  const raw = { ...root, link: { ...root.link, codec: RAW } }
  const refused: [RegExp, Uint8Array][] = [
    [/a CAR header, got the end/, new Uint8Array()],
    [/one root, got 0/, encodeCar([], [])],
    [/one root, got 2/, encodeCar([root.link, root.link], [root])],
    [/DAG-CBOR blocks, got codec 0x55/, encodeCar([raw.link], [raw])],
    [/block .* in the archive, got none/, encodeCar([root.link], [])],
    [/DAG-CBOR blocks, got codec 0x55/, encodeCar([root.link], [root])],
    [/"index\/sharded\/dag@0.1", got object/, encodeCar([block({}).link], [block({})])],
    [/a pair for a shard/, indexWith([multihash])],
    [/a multihash/, indexWith([multihash.subarray(1), []])],
    [/a list of slices/, indexWith([multihash, {}])],
    [/a pair for a slice/, indexWith([multihash, [[multihash, 0, 5]]])],
    [/safe integers >= 0, got -1, 5/, indexWith([multihash, [[multihash, [-1, 5]]]])],
    [/end before 2\^53/, indexWith([multihash, [[multihash, [Number.MAX_SAFE_INTEGER, 1]]]])],
    [/<= 67108864 bytes/, new Uint8Array(DAG_INDEX_BYTES_MAX + 1)],
  ]
  assert.ok(decodeDagIndex(indexWith([multihash, []]), hasher).ok)
  for (const [expected, archive] of refused) {
    const { error } = decodeDagIndex(archive, hasher)
    assert.equal(error?.name, 'DagIndexMalformed', String(expected))
    assert.match(error.message, expected)
  }
})

test('more shards than the bound are not written', () => {
  const { content, shards } = indexOf(cases[0]!)
  const many = Array.from({ length: DAG_INDEX_SHARDS_MAX + 1 }, () => shards[0]!)
  const over = { content, shards: many }
  assert.throws(() => encodeDagIndex(over, hasher), /"shards" expected <= 65536, got 65537/)
})
