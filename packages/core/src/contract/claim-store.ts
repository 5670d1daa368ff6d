/**
 * What every store of claims does, as cases that each adapter runs in each runtime.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { ClaimKind, ClaimStore, ClaimWriter, StoredClaim } from '../ports/claims.ts'
import type { Awaitable } from '../result.ts'
import { expect, type ContractCase } from './case.ts'
import { A, B } from './content-index.ts'

/** Claims of issuers that are not believed for which there is room, about one content. */
export const HINTS_OF_CONTRACT = 3

/** An empty store, its clock at 1,000 ms, and what happens around it. */
export interface ClaimStoreSubject {
  readonly store: ClaimStore
  readonly writer: ClaimWriter
  setNowMs(nowMs: number): void
  /** Somebody revokes a claim. */
  revoke(cid: Uint8Array, issuer: string): Awaitable<void>
  close(): Awaitable<void>
}

function hashOf(seed: number): Uint8Array {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setUint32(0, seed)
  return encodeMultihash(SHA2_256, digest)
}

const ABOUT = hashOf(7_000_000)

/** A claim that differs from others by its seed; the store does not look into its archive. */
function claim(seed: number, change: Partial<StoredClaim> = {}): StoredClaim {
  return {
    cid: new Uint8Array([1, 0x71, ...hashOf(seed)]),
    kind: 'location',
    issuer: A,
    content: ABOUT,
    space: undefined,
    startsMs: undefined,
    expiresMs: undefined,
    believed: true,
    archive: new Uint8Array([seed & 0xff]),
    ...change,
  }
}

async function put({ writer }: ClaimStoreSubject, ...claims: StoredClaim[]): Promise<void> {
  for (const one of claims) {
    const done = await writer.put(one)
    expect(done.error === undefined, `room for a claim, got ${done.error?.message}`)
  }
}

async function find(
  { store }: ClaimStoreSubject,
  kinds?: readonly ClaimKind[],
  content: Uint8Array = ABOUT,
): Promise<StoredClaim[]> {
  const found: StoredClaim[] = []
  for await (const one of store.byContent(content, kinds)) found.push(one)
  return found
}

function expectClaims(found: readonly StoredClaim[], claims: readonly StoredClaim[]): void {
  expect(found.length === claims.length, `${claims.length} claims, got ${found.length}`)
  for (const [i, { cid, archive, content, ...rest }] of found.entries()) {
    const wanted = claims[i]!
    expect(bytesEqual(cid, wanted.cid), `claim ${i} to be the one that was put`)
    expect(bytesEqual(archive, wanted.archive), 'its archive')
    expect(bytesEqual(content, wanted.content), 'its content')
    for (const [name, value] of Object.entries(rest))
      expect(value === wanted[name as keyof StoredClaim], `its ${name}, got ${String(value)}`)
  }
}

/** Claims beyond what any service of the field hands out at once. */
const MANY = 1_500

/**
 * The contract's cases.
 *
 * @example
 * for (const { name, run } of claimStoreContract)
 *   test(name, async () => {
 *     const subject = makeSubject()
 *     await run(subject).finally(() => subject.close())
 *   })
 */
export const claimStoreContract: readonly ContractCase<ClaimStoreSubject>[] = [
  {
    name: 'an empty store has no claims',
    run: async (subject) => {
      expectClaims(await find(subject), [])
      expect((await subject.store.byCid(claim(1).cid)) === undefined, 'none by CID')
    },
  },
  {
    name: 'claims are found by content and by CID, as they were put',
    run: async (subject) => {
      const full = claim(1, { space: B, startsMs: 5, expiresMs: 9_000, kind: 'index' })
      await put(subject, full, claim(2), claim(3, { content: hashOf(9) }))
      expectClaims(await find(subject), [full, claim(2)])
      expectClaims([(await subject.store.byCid(full.cid))!], [full])
    },
  },
  {
    name: 'a claim that is put twice is there once',
    run: async (subject) => {
      expect((await subject.writer.put(claim(1))).ok?.stored === true, 'stored')
      expect((await subject.writer.put(claim(1))).ok?.stored === false, 'not stored again')
      expectClaims(await find(subject), [claim(1)])
    },
  },
  {
    name: 'only claims of the kinds that are asked for are found',
    run: async (subject) => {
      const index = claim(2, { kind: 'index' })
      await put(subject, claim(1), index, claim(3, { kind: 'equals' }))
      expectClaims(await find(subject, ['index']), [index])
      expectClaims(await find(subject, ['index', 'location']), [claim(1), index])
      expectClaims(await find(subject, []), [])
    },
  },
  {
    name: 'all claims about a content are found, however many there are',
    run: async (subject) => {
      const claims = Array.from({ length: MANY }, (_, i) => claim(i))
      await put(subject, ...claims)
      expectClaims(await find(subject), claims)
    },
  },
  {
    name: 'a claim is found from its start to its end only',
    run: async (subject) => {
      const bounded = claim(1, { startsMs: 2_000, expiresMs: 3_000 })
      await put(subject, bounded)
      for (const [nowMs, there] of [
        [1_999, false],
        [2_000, true],
        [2_999, true],
        [3_000, false],
        [2_500, true],
      ] as const) {
        subject.setNowMs(nowMs)
        expectClaims(await find(subject), there ? [bounded] : [])
        const byCid = await subject.store.byCid(bounded.cid)
        expect((byCid !== undefined) === there, `by CID at ${nowMs} ms: ${there}`)
      }
    },
  },
  {
    name: 'a claim that its issuer revoked is not found, one that somebody else revoked is',
    run: async (subject) => {
      await put(subject, claim(1), claim(2), claim(3))
      await subject.revoke(claim(1).cid, A)
      await subject.revoke(claim(2).cid, B)
      expectClaims(await find(subject), [claim(2), claim(3)])
      expect((await subject.store.byCid(claim(1).cid)) === undefined, 'none by CID')
    },
  },
  {
    name: 'a claim that is withdrawn is gone, and may be put again',
    run: async (subject) => {
      await put(subject, claim(1), claim(2))
      expect((await subject.writer.withdraw(claim(1).cid)).error === undefined, 'withdrawn')
      expectClaims(await find(subject), [claim(2)])
      const again = await subject.writer.withdraw(claim(1).cid)
      expect(again.error?.name === 'ClaimUnknown', 'ClaimUnknown')
      await put(subject, claim(1))
      expectClaims(await find(subject), [claim(2), claim(1)])
    },
  },
  {
    name: 'who is not believed comes last, and has so much room about one content',
    run: async (subject) => {
      const hints = Array.from({ length: HINTS_OF_CONTRACT }, (_, i) =>
        claim(100 + i, { believed: false, issuer: i === 0 ? A : B }),
      )
      await put(subject, ...hints)
      const over = await subject.writer.put(claim(200, { believed: false }))
      expect(over.error?.name === 'ClaimsFull', 'ClaimsFull')
      await put(subject, claim(1), claim(201, { believed: false, content: hashOf(9) }))
      expectClaims(await find(subject), [claim(1), ...hints])
    },
  },
]
