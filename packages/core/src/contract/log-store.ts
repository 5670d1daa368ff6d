/**
 * Contract suite of `LogStore`.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import type { LogStore } from '../ports/log-store.ts'
import { expect } from './case.ts'
import type { ContractCase } from './case.ts'

const ONE = new Uint8Array([1])
const TWO = new Uint8Array([2, 2])

/**
 * What a log store must do. Each case wants a store without files or value.
 *
 * @example
 * for (const { name, run } of LOG_STORE_CONTRACT) test(name, async () => run(await open()))
 */
export const LOG_STORE_CONTRACT: readonly ContractCase<LogStore>[] = [
  {
    name: 'a new store has no value and no files',
    run: async (store) => {
      expect((await store.load()) === undefined, 'expected no value')
      expect((await store.get('tile/0/000')) === undefined, 'expected no file')
    },
  },
  {
    name: 'a swap that names the newest version takes place, and counts it up',
    run: async (store) => {
      for (const [version, bytes] of [ONE, TWO, ONE].entries()) {
        const swapped = await store.compareAndSwap(version, bytes)
        expect(swapped.error === undefined, `expected the swap from ${version}`)
        await expectValue(store, version + 1, bytes)
      }
    },
  },
  {
    name: 'a swap that names another version is refused and changes nothing',
    run: async (store) => {
      const early = await store.compareAndSwap(1, ONE)
      expect(early.error?.name === 'CommitConflict', 'expected a conflict on an empty store')
      await store.compareAndSwap(0, ONE)
      for (const version of [0, 2]) {
        const { error } = await store.compareAndSwap(version, TWO)
        expect(error?.version === 1 && error.expected === version, 'expected both versions')
      }
      await expectValue(store, 1, ONE)
    },
  },
  {
    name: 'of two swaps at once, one takes place',
    run: async (store) => {
      const swaps = await Promise.all([store.compareAndSwap(0, ONE), store.compareAndSwap(0, TWO)])
      const took = swaps.filter(({ error }) => error === undefined)
      expect(took.length === 1, `expected one swap, got ${took.length}`)
    },
  },
  {
    name: 'files are given back, in deep folders too, and a second put replaces them',
    run: async (store) => {
      await store.put([
        { path: 'tile/entries/x001/234', bytes: ONE },
        { path: 'checkpoint', bytes: TWO },
      ])
      await expectFile(store, 'tile/entries/x001/234', ONE)
      await store.put([{ path: 'checkpoint', bytes: ONE }])
      await expectFile(store, 'checkpoint', ONE)
      await store.put([])
    },
  },
  {
    name: 'bytes that were handed over belong to the receiver',
    run: async (store) => {
      const given = TWO.slice()
      await store.put([{ path: 'checkpoint', bytes: given }])
      await store.compareAndSwap(0, given)
      given.fill(9)
      const got = await store.get('checkpoint')
      got?.fill(8)
      await expectFile(store, 'checkpoint', TWO)
      await expectValue(store, 1, TWO)
    },
  },
  {
    name: 'files that are dropped are gone, and dropping them again is no fault',
    run: async (store) => {
      const paths = ['tile/entries/000', 'tile/entries/x001/234']
      await store.put([...paths, 'tile/entries/001'].map((path) => ({ path, bytes: ONE })))
      for (let twice = 0; twice < 2; twice++) {
        await store.drop(paths)
        for (const path of paths)
          expect((await store.get(path)) === undefined, `expected ${path} to be gone`)
      }
      await store.drop(['rows/7'])
      await expectFile(store, 'tile/entries/001', ONE)
      await store.put([{ path: paths[0]!, bytes: TWO }])
      await expectFile(store, paths[0]!, TWO)
    },
  },
  {
    name: 'hundreds of files in one put are all there',
    run: async (store) => {
      const files = Array.from({ length: 300 }, (_, i) => ({
        path: `tile/0/x000/${i}`,
        bytes: new Uint8Array(i + 1).fill(i),
      }))
      await store.put(files)
      for (const { path, bytes } of files) await expectFile(store, path, bytes)
    },
  },
]

async function expectValue(store: LogStore, version: number, bytes: Uint8Array): Promise<void> {
  const value = await store.load()
  expect(value?.version === version, `expected version ${version}, got ${value?.version}`)
  expect(bytesEqual(value.bytes, bytes), 'expected the bytes that were committed')
}

async function expectFile(store: LogStore, path: string, bytes: Uint8Array): Promise<void> {
  const got = await store.get(path)
  expect(got !== undefined && bytesEqual(got, bytes), `expected the bytes of ${path}`)
}
