/**
 * What every `ContentIndex` does, as cases that each adapter runs in each runtime.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { BlobSite } from '../ports/blob.ts'
import type { ContentIndex, SpaceDid } from '../ports/content.ts'
import type { Awaitable } from '../result.ts'
import { expect, type ContractCase } from './case.ts'

/** A blob to be put into the index under test. */
export interface ContractBlob {
  readonly space: SpaceDid
  readonly multihash: Uint8Array
  readonly size: number
  /** Empty for this deployment's own store. */
  readonly sites: readonly BlobSite[]
  readonly slices: readonly {
    readonly multihash: Uint8Array
    readonly offset: number
    readonly length: number
  }[]
}

/** An empty index, and ways to change what it knows. */
export interface ContentIndexSubject {
  readonly index: ContentIndex
  /** Makes a space take in a blob, after all those before. Spaces exist when they are named. */
  put(blob: ContractBlob): Awaitable<void>
  /** Makes a space give up a blob. */
  withdraw(space: SpaceDid, blob: Uint8Array): Awaitable<void>
  close(): Awaitable<void>
}

/** Two spaces, by the keys that the did:key specification uses as examples. */
export const A: SpaceDid = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
export const B: SpaceDid = 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG'
const REMOTE: BlobSite = { url: 'https://origin.example/x.car', provider: 'https://origin.example' }

function hashOf(seed: number): Uint8Array {
  return encodeMultihash(SHA2_256, new Uint8Array(32).fill(seed))
}

function blob(space: SpaceDid, seed: number, blocks: readonly number[]): ContractBlob {
  const slices = blocks.map((block, i) => ({
    multihash: hashOf(block),
    offset: 100 * i,
    length: block,
  }))
  return { space, multihash: hashOf(seed), size: 10_000, sites: [], slices }
}

/** Where the index finds a block for a space, as text to be compared. */
async function found(index: ContentIndex, space: SpaceDid, block: number): Promise<string> {
  const [slices] = await index.slices(space, [hashOf(block)])
  return slices!
    .map(({ blob: { multihash }, offset, length }) => `${multihash?.at(-1)}:${offset}+${length}`)
    .join(' ')
}

async function spaces(index: ContentIndex, block: number): Promise<string> {
  return (await index.spaces(hashOf(block))).join(' ')
}

type Case = ContractCase<ContentIndexSubject>

/**
 * The contract's cases.
 *
 * @example
 * for (const { name, run } of contentIndexContract) test(name, () => run(makeSubject()))
 */
export const contentIndexContract: readonly Case[] = [
  {
    name: 'an empty index finds nothing',
    run: async ({ index }) => {
      expect((await spaces(index, 1)) === '', 'no space')
      expect((await found(index, A, 1)) === '', 'no slice of an unknown space')
      expect((await index.slices(A, [])).length === 0, 'an answer for each multihash: none')
    },
  },
  {
    name: 'a block is found where it lies, in the order that was asked',
    run: async (subject) => {
      await subject.put(blob(A, 200, [1, 2, 3]))
      const answers = await subject.index.slices(A, [hashOf(3), hashOf(9), hashOf(1)])
      const offsets = answers.map((slices) => slices.map(({ offset }) => offset).join())
      expect(offsets.join(';') === '200;;0', `offsets 200, none, 0, got ${offsets.join(';')}`)
      const ref = answers[0]![0]!.blob
      expect(ref.multihash !== undefined && bytesEqual(ref.multihash, hashOf(200)), 'the blob')
      expect(ref.size === 10_000, 'its size')
      expect(ref.sites[0]?.url.startsWith('local:') === true, 'a site in our own store')
      expect(ref.key === answers[2]![0]!.blob.key, 'one key for one blob')
    },
  },
  {
    name: 'a block of one space is never found for another',
    run: async ({ index, put }) => {
      await put(blob(A, 200, [1, 2]))
      await put(blob(B, 201, [3]))
      expect((await found(index, B, 1)) === '', "nothing of A's for B")
      expect((await found(index, A, 3)) === '', "nothing of B's for A")
      expect((await spaces(index, 1)) === A, 'A alone for its block')
    },
  },
  {
    name: 'a blob of two spaces is known twice',
    run: async ({ index, put, withdraw }) => {
      await put(blob(A, 200, [1]))
      await put(blob(B, 200, [1]))
      expect((await found(index, A, 1)) === '200:0+1', 'the block for A')
      expect((await found(index, B, 1)) === '200:0+1', 'the block for B')
      await withdraw(A, hashOf(200))
      expect((await found(index, A, 1)) === '', 'no block for A any more')
      expect((await found(index, B, 1)) === '200:0+1', 'the block for B still')
      expect((await spaces(index, 1)) === B, 'B alone')
    },
  },
  {
    name: 'spaces come in the order of acceptance',
    run: async ({ index, put, withdraw }) => {
      await put(blob(B, 200, [1]))
      await put(blob(A, 201, [1]))
      await put(blob(B, 202, [1]))
      expect((await spaces(index, 1)) === `${B} ${A}`, 'B, which came first, then A')
      await withdraw(B, hashOf(200))
      expect((await spaces(index, 1)) === `${A} ${B}`, 'A first, now that B has only its later one')
    },
  },
  {
    name: 'our own store comes before other places',
    run: async ({ index, put }) => {
      await put({ ...blob(A, 200, [1]), sites: [REMOTE] })
      await put(blob(A, 201, [1]))
      expect((await found(index, A, 1)) === '201:0+1 200:0+1', 'the local blob first')
      const [slices] = await index.slices(A, [hashOf(1)])
      expect(slices![1]!.blob.sites[0]?.url === REMOTE.url, 'the address of the other')
      expect(slices![1]!.blob.sites[0]?.provider === REMOTE.provider, 'its provider')
    },
  },
  {
    name: 'a change is seen by the next look-up',
    run: async ({ index, put }) => {
      expect((await found(index, A, 1)) === '', 'nothing yet')
      await put(blob(A, 200, [1]))
      expect((await found(index, A, 1)) === '200:0+1', 'the block')
      await put({ ...blob(A, 200, [2]), sites: [REMOTE] })
      const [slices] = await index.slices(A, [hashOf(1)])
      expect(slices![0]!.blob.sites.length === 2, 'both places of the blob')
    },
  },
]
