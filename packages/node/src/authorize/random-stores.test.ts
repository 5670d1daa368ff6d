/**
 * What a model predicts of random stores is what the authorizer says, cold and warm.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { MIGRATIONS } from '../catalog/schema.ts'
import { catalogAuthorizer } from './authorizer.ts'
import {
  ATTESTER,
  chainPlan,
  GATEWAY,
  makeChain,
  type MadeChain,
  modelAdmits,
  RESOLVER,
  REVOKERS,
  SPACES,
} from './testing/chains.ts'

const RUNS = Number(process.env.TURNPIKE_FUZZ_RUNS ?? 60)
const START_SECONDS = 1_800_000_000

type Step =
  | { readonly do: 'store' | 'withdraw'; readonly chain: number }
  | { readonly do: 'revoke'; readonly chain: number; readonly link: number; readonly by: number }
  | { readonly do: 'clock'; readonly seconds: number }
  | { readonly do: 'ask'; readonly space: number; readonly token: string | undefined }

const chain = fc.nat(5)
const token = fc.constantFrom(undefined, undefined, 'open sesame', 'Open sesame', 'open')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('store' as const), chain }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), chain }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      chain,
      link: fc.nat(3),
      by: fc.nat(REVOKERS.length - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      // Both sides of every bound that plans have, and the bounds themselves.
      seconds: fc.constantFrom(-1001, -1000, -500, -501, 0, 999, 1000, 1999, 2000, 5000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), space: fc.nat(1), token }) },
)

/** What the store has, as the model knows it. */
class Model {
  atSeconds = 0
  readonly stored = new Set<MadeChain>()
  readonly revocations: { readonly cid: Uint8Array; readonly by: string }[] = []

  revokedIn({ links }: MadeChain): { link: number; by: string }[] {
    return this.revocations.flatMap(({ cid, by }) =>
      links.flatMap((one, link) => (Buffer.compare(one.cid, cid) === 0 ? [{ link, by }] : [])),
    )
  }

  /** Whether a space may be served, and whether only since a token is shown. */
  ask(space: string, shown: string | undefined): { served: boolean; byToken: boolean } {
    const admits = (made: MadeChain, as: string | undefined): boolean =>
      modelAdmits(made, { token: as, atSeconds: this.atSeconds, revoked: this.revokedIn(made) })
    const own = [...this.stored].filter((made) => made.space === space)
    const served = own.some((made) => admits(made, shown))
    const toAnyone = own.some((made) => admits(made, shown) && admits(made, 'any other'))
    return { served, byToken: served && !toAnyone && shown !== undefined }
  }
}

test('a space is served if and only if a chain in force says so', async () => {
  let served = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(chainPlan, { minLength: 6, maxLength: 6 }),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (plans, steps) => {
        const made = await Promise.all(plans.map((plan) => makeChain(plan, START_SECONDS)))
        const database = new DatabaseSync(':memory:')
        for (const sql of MIGRATIONS) database.exec(sql)
        const store = new CatalogDelegations(database)
        const model = new Model()
        const clock = {
          nowMs: () => (START_SECONDS + model.atSeconds) * 1000,
          monotonicMs: () => 0,
        }
        const trust = {
          gateways: [GATEWAY.did()],
          resolver: RESOLVER,
          attesters: [ATTESTER.did()],
        }
        const warm = catalogAuthorizer(database, clock, trust)
        for (const one of steps) {
          if (one.do === 'clock') model.atSeconds = one.seconds
          else if (one.do === 'ask') {
            const space = SPACES[one.space]!.did()
            const expected = model.ask(space, one.token)
            const cold = catalogAuthorizer(database, clock, trust)
            for (const authorizer of [warm, cold, warm]) {
              const { ok } = await authorizer.authorize(space, one.token)
              assert.equal(ok !== undefined, expected.served, `${one.token}`)
              if (ok === undefined) continue
              served++
              assert.equal(ok.byToken, expected.byToken)
              assert.equal(ok.space, space)
              assert.ok((ok.expiresMs ?? Infinity) > clock.nowMs())
            }
          } else apply(one, made[one.chain]!, { store, model })
        }
        database.close()
      },
    ),
    { numRuns: RUNS },
  )
  assert.ok(served > RUNS, `${served} times served`)
})

/** Changes store and model alike. What is stored was not checked: nothing may depend on that. */
function apply(
  one: Exclude<Step, { do: 'clock' | 'ask' }>,
  made: MadeChain,
  { store, model }: { store: CatalogDelegations; model: Model },
): void {
  const { cid } = made.delegation
  if (one.do === 'withdraw') {
    store.withdraw(cid.bytes)
    for (const other of model.stored)
      if (`${other.delegation.cid}` === `${cid}`) model.stored.delete(other)
  } else if (one.do === 'revoke') {
    const link = made.links[one.link]
    if (link === undefined) return
    const by = REVOKERS[one.by]!
    store.revoke({ cid: link.cid, issuer: by, revokedMs: 0, archive: new Uint8Array() })
    model.revocations.push({ cid: link.cid, by })
  } else {
    store.put({
      cid: cid.bytes,
      space: made.space,
      can: 'space/content/serve/*',
      issuer: made.delegation.issuer.did(),
      audience: made.delegation.audience.did(),
      startsMs: undefined,
      expiresMs: undefined,
      storedMs: 0,
      archive: made.archive,
    })
    model.stored.add(made)
  }
}
