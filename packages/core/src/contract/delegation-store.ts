/**
 * What every store of delegations does, as cases that each adapter runs in each runtime.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { SpaceDid } from '../ports/content.ts'
import type {
  DelegationStore,
  DelegationWriter,
  Revocation,
  StoredDelegation,
} from '../ports/delegations.ts'
import { expect, type ContractCase } from './case.ts'

/** Both sides of a store. */
export type DelegationStoreSubject = DelegationStore & DelegationWriter

/** Room of the store under test. */
export const ROOM_OF_CONTRACT = { perSpaceMax: 3, delegationsMax: 5, revocationsMax: 3 }

const NOW_MS = 10_000

function cidOf(seed: number): Uint8Array {
  const multihash = encodeMultihash(SHA2_256, new Uint8Array(32).fill(seed))
  return new Uint8Array([1, 0x71, ...multihash])
}

function spaceOf(seed: number): SpaceDid {
  return `did:key:z6MkSpace${seed}`
}

function delegationOf(seed: number, fields: Partial<StoredDelegation> = {}): StoredDelegation {
  return {
    cid: cidOf(seed),
    space: spaceOf(1),
    can: 'space/content/serve/*',
    issuer: 'did:key:z6MkIssuer',
    audience: 'did:web:gateway.example',
    startsMs: undefined,
    expiresMs: undefined,
    storedMs: NOW_MS,
    archive: new Uint8Array([seed, 1, 2]),
    ...fields,
  }
}

function revocationOf(seed: number, issuer: string): Revocation {
  return { cid: cidOf(seed), issuer, revokedMs: NOW_MS, archive: new Uint8Array([seed]) }
}

async function put(store: DelegationWriter, delegation: StoredDelegation): Promise<boolean> {
  const done = await store.put(delegation)
  expect(done.error === undefined, `room for the delegation, got ${done.error?.message}`)
  return done.ok.stored
}

function same(a: StoredDelegation | undefined, b: StoredDelegation): boolean {
  if (a === undefined) return false
  const { cid, archive, ...others } = a
  const { cid: cidB, archive: archiveB, ...othersB } = b
  const plain = (fields: object): string => JSON.stringify(Object.entries(fields).sort())
  return bytesEqual(cid, cidB) && bytesEqual(archive, archiveB) && plain(others) === plain(othersB)
}

/** Whether `change` gives the store another generation. */
async function changes(
  store: DelegationStoreSubject,
  change: () => Promise<unknown>,
): Promise<boolean> {
  const before = store.generation()
  await change()
  return store.generation() !== before
}

const READING: readonly ContractCase<DelegationStoreSubject>[] = [
  {
    name: 'an empty store has no delegations and no revocations',
    run: async (store) => {
      expect((await store.forSpace(spaceOf(1))).length === 0, 'no delegations')
      expect((await store.revoked([cidOf(1)])).length === 0, 'no revocations')
    },
  },
  {
    name: "a space's delegations are kept as they are, oldest first",
    run: async (store) => {
      const first = delegationOf(9, { startsMs: 1, expiresMs: 20_000 })
      const second = delegationOf(2)
      await put(store, first)
      await put(store, second)
      await put(store, delegationOf(3, { space: spaceOf(2) }))
      const held = await store.forSpace(spaceOf(1))
      expect(held.length === 2, `2 delegations, got ${held.length}`)
      expect(same(held[0], first), 'the first one first')
      expect(same(held[1], second), 'the second one second')
    },
  },
  {
    name: 'one delegation may be stored for several spaces',
    run: async (store) => {
      expect(await put(store, delegationOf(1)), 'stored')
      expect(await put(store, delegationOf(1, { space: spaceOf(2) })), 'stored for the other')
      expect((await store.forSpace(spaceOf(2))).length === 1, 'the one of the other')
    },
  },
]

const CHANGING: readonly ContractCase<DelegationStoreSubject>[] = [
  {
    name: 'storing one twice changes nothing',
    run: async (store) => {
      expect(await put(store, delegationOf(1)), 'stored')
      const again = delegationOf(1, { storedMs: NOW_MS + 1 })
      const changed = await changes(store, async () => {
        expect(!(await put(store, again)), 'not stored again')
      })
      expect(!changed, 'the same generation')
      expect(same((await store.forSpace(spaceOf(1)))[0], delegationOf(1)), 'the first one')
    },
  },
  {
    name: 'a withdrawn delegation is gone, and may be stored again',
    run: async (store) => {
      await put(store, delegationOf(1))
      await put(store, delegationOf(2))
      const changed = await changes(store, async () => {
        expect((await store.withdraw(cidOf(1))).error === undefined, 'withdrawn')
      })
      expect(changed, 'another generation')
      expect((await store.forSpace(spaceOf(1))).length === 1, 'the other one')
      expect((await store.withdraw(cidOf(1))).error?.name === 'DelegationUnknown', 'unknown now')
      expect(await put(store, delegationOf(1)), 'stored again')
    },
  },
  {
    name: 'each change gives another generation, reading none',
    run: async (store) => {
      expect(await changes(store, () => put(store, delegationOf(1))), 'another one after put')
      const reads = async (): Promise<void> => {
        await store.forSpace(spaceOf(1))
        await store.revoked([cidOf(1)])
      }
      expect(!(await changes(store, reads)), 'the same one after reads')
      const revoke = async (): Promise<unknown> => store.revoke(revocationOf(1, 'did:key:a'))
      expect(await changes(store, revoke), 'another one after revoke')
      expect(!(await changes(store, revoke)), 'the same one after the same revoke')
    },
  },
  {
    name: 'revocations are found by CID, by whomever, and the first of each stays',
    run: async (store) => {
      await store.revoke(revocationOf(1, 'did:key:a'))
      await store.revoke({ ...revocationOf(1, 'did:key:a'), revokedMs: NOW_MS + 1 })
      await store.revoke({ ...revocationOf(1, 'did:key:b'), archive: undefined })
      await store.revoke(revocationOf(2, 'did:key:c'))
      const found = await store.revoked([cidOf(3), cidOf(1)])
      const shown = found.map(
        ({ issuer, revokedMs, archive }) => `${issuer} ${revokedMs} ${archive}`,
      )
      const expected = [`did:key:a ${NOW_MS} 1`, `did:key:b ${NOW_MS} undefined`]
      expect(shown.sort().join() === expected.join(), `${expected}, got ${shown}`)
      expect(
        found.every(({ cid }) => bytesEqual(cid, cidOf(1))),
        'their CID',
      )
    },
  },
  {
    name: 'a revocation stays when its delegation is withdrawn, and needs none',
    run: async (store) => {
      await put(store, delegationOf(1))
      await store.revoke(revocationOf(1, 'did:key:a'))
      await store.withdraw(cidOf(1))
      expect((await store.revoked([cidOf(1)])).length === 1, 'the revocation')
    },
  },
]

const AT_THE_BOUNDS: readonly ContractCase<DelegationStoreSubject>[] = [
  {
    name: 'a space has room for so many, and those that are over make room',
    run: async (store) => {
      const { perSpaceMax } = ROOM_OF_CONTRACT
      await put(store, delegationOf(0, { expiresMs: NOW_MS + 5 }))
      for (let seed = 1; seed < perSpaceMax; seed++) await put(store, delegationOf(seed))
      const over = await store.put(delegationOf(perSpaceMax))
      expect(over.error?.name === 'DelegationsFull', 'DelegationsFull')
      expect((await store.forSpace(spaceOf(1))).length === perSpaceMax, 'all of them still')
      const later = { storedMs: NOW_MS + 5 }
      expect(await put(store, delegationOf(perSpaceMax, later)), 'stored after one was over')
      expect((await store.forSpace(spaceOf(1))).length === perSpaceMax, 'one in place of it')
    },
  },
  {
    name: 'all spaces together have room for so many',
    run: async (store) => {
      const { delegationsMax } = ROOM_OF_CONTRACT
      for (let seed = 0; seed < delegationsMax; seed++)
        await put(store, delegationOf(seed, { space: spaceOf(seed), expiresMs: NOW_MS + seed }))
      const more = delegationOf(delegationsMax, { space: spaceOf(delegationsMax), storedMs: 0 })
      expect((await store.put(more)).error?.name === 'DelegationsFull', 'DelegationsFull')
      expect(await put(store, { ...more, storedMs: NOW_MS }), 'stored when one is over')
    },
  },
  {
    name: 'there is room for so many revocations',
    run: async (store) => {
      const { revocationsMax } = ROOM_OF_CONTRACT
      for (let seed = 0; seed < revocationsMax; seed++)
        await store.revoke(revocationOf(seed, 'did:key:a'))
      const over = await store.revoke(revocationOf(revocationsMax, 'did:key:a'))
      expect(over.error?.name === 'DelegationsFull', 'DelegationsFull')
      const again = await store.revoke(revocationOf(0, 'did:key:a'))
      expect(again.error === undefined, 'the same one again is no matter')
    },
  },
]

/**
 * The contract's cases. Each subject is empty and has {@link ROOM_OF_CONTRACT}.
 *
 * @example
 * for (const { name, run } of delegationStoreContract) test(name, () => run(makeStore()))
 */
export const delegationStoreContract: readonly ContractCase<DelegationStoreSubject>[] = [
  ...READING,
  ...CHANGING,
  ...AT_THE_BOUNDS,
]
