/**
 * What every `NameStore` does, as cases that each adapter runs in each runtime.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { RecordRank } from '../ipns/validate.ts'
import type { NameStore } from '../ports/names.ts'
import { expect, type ContractCase } from './case.ts'

/** Names that the store under test has room for. */
export const NAMES_OF_CONTRACT = 3

function nameOf(seed: number): Uint8Array {
  return encodeMultihash(SHA2_256, new Uint8Array(32).fill(seed))
}

/** A record that says nothing but which one it is. */
function recordOf(seed: number): Uint8Array {
  return new Uint8Array([seed, 1, 2, 3])
}

function rank(sequence: bigint, eolMs = 1_000): RecordRank {
  return { sequence, eolMs }
}

async function keeps(store: NameStore, name: number, record: number): Promise<boolean> {
  const kept = await store.get(nameOf(name))
  return kept !== undefined && bytesEqual(kept, recordOf(record))
}

async function put(
  store: NameStore,
  name: number,
  record: number,
  of: RecordRank | undefined,
): Promise<boolean> {
  const done = await store.put(nameOf(name), recordOf(record), of)
  expect(done.error === undefined, `room for the record, got ${done.error?.message}`)
  return done.ok.kept
}

/** Each pair is in order: the second counts more. */
const IN_ORDER: readonly (readonly [RecordRank | undefined, RecordRank])[] = [
  [undefined, rank(0n)],
  [rank(1n), rank(2n)],
  [rank(1n, 9_000), rank(2n, 1_000)],
  [rank(1n, 1_000), rank(1n, 1_001)],
  [rank(2n ** 63n - 1n), rank(2n ** 63n)],
  [rank(9n), rank(2n ** 64n - 1n)],
  [rank(9n), rank(10n)],
]

/**
 * The contract's cases. Each subject is empty and has room for `NAMES_OF_CONTRACT` names.
 *
 * @example
 * for (const { name, run } of nameStoreContract) test(name, () => run(makeStore()))
 */
export const nameStoreContract: readonly ContractCase<NameStore>[] = [
  {
    name: 'an empty store has no record',
    run: async (store) => expect((await store.get(nameOf(1))) === undefined, 'none'),
  },
  {
    name: 'a record is kept as it is, by its name',
    run: async (store) => {
      expect(await put(store, 1, 10, rank(1n)), 'kept')
      expect(await put(store, 2, 20, undefined), 'an invalid one kept')
      expect(await keeps(store, 1, 10), 'the first record')
      expect(await keeps(store, 2, 20), 'the second record')
      expect((await store.get(nameOf(3))) === undefined, 'none of another name')
    },
  },
  {
    name: 'an invalid record never takes the place of a valid one',
    run: async (store) => {
      await put(store, 1, 10, rank(0n, 1))
      expect(!(await put(store, 1, 11, undefined)), 'not kept')
      expect(await keeps(store, 1, 10), 'the valid record')
    },
  },
  {
    name: 'an invalid record takes the place of an invalid one',
    run: async (store) => {
      await put(store, 1, 10, undefined)
      expect(await put(store, 1, 11, undefined), 'kept')
      expect(await keeps(store, 1, 11), 'the later one')
    },
  },
  {
    name: 'names beyond the room are refused, those that are there are not',
    run: async (store) => {
      for (let name = 0; name < NAMES_OF_CONTRACT; name++) await put(store, name, 10, rank(1n))
      const over = await store.put(nameOf(NAMES_OF_CONTRACT), recordOf(10), rank(1n))
      expect(over.error?.name === 'NamesFull', 'NamesFull')
      expect((await store.get(nameOf(NAMES_OF_CONTRACT))) === undefined, 'no record')
      expect(await put(store, 0, 11, rank(2n)), 'a newer record of a name that is there')
    },
  },
  ...IN_ORDER.map(([less, more]) => ({
    name: `rank ${shown(more)} counts more than ${shown(less)}, whichever comes first`,
    run: async (store: NameStore) => {
      await put(store, 1, 10, less)
      expect(await put(store, 1, 11, more), 'kept')
      expect(await keeps(store, 1, 11), 'the newer record')
      await put(store, 2, 11, more)
      expect(!(await put(store, 2, 10, less)), 'not kept')
      expect(!(await put(store, 2, 12, more)), 'one that counts the same not kept')
      expect(await keeps(store, 2, 11), 'the newer record still')
    },
  })),
]

function shown(of: RecordRank | undefined): string {
  return of === undefined ? 'none' : `${of.sequence} until ${of.eolMs}`
}
