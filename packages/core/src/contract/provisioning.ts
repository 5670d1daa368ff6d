/**
 * What every store of customers, owners and plans does, as cases that each adapter runs.
 * @module
 */
import { EPOCH_MS } from '../billing/epoch.ts'
import type { SpaceDid } from '../ports/content.ts'
import type {
  Assignment,
  CustomerDid,
  Ownership,
  OwnershipHistory,
  PlanHistory,
  Provisioning,
} from '../ports/provisioning.ts'
import { expect, type ContractCase } from './case.ts'

/** Both sides of a store. */
export type ProvisioningSubject = Provisioning & OwnershipHistory & PlanHistory

/** Room of the store under test. */
export const PROVISIONING_ROOM = {
  customersMax: 3,
  spacesPerCustomerMax: 3,
  ownersPerSpaceMax: 3,
  plansPerCustomerMax: 3,
}

/** Hour before which no change of the store under test counts: a period was closed. */
export const OPEN_EPOCH_OF_CONTRACT = 50

const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const SPACE: SpaceDid = 'did:key:z6MkSpace'
const OTHER: SpaceDid = 'did:key:z6MkSpaceToo'
const PROVIDER = 'did:web:gateway.example'

function at(epoch: number): number {
  return epoch * EPOCH_MS + 1
}

function to(customer: CustomerDid, epoch: number, fields: Partial<Assignment> = {}): Assignment {
  return { space: SPACE, customer, provider: PROVIDER, atMs: at(epoch), ...fields }
}

async function addBoth(store: Provisioning): Promise<void> {
  for (const did of [BOB, ALICE]) await store.addCustomer({ did, createdMs: at(60) })
}

/** Who has the space in which hours, in one line. */
function told(history: readonly Ownership[]): string {
  const name = (customer: string): string => customer.slice(customer.lastIndexOf(':') + 1)
  return history
    .map(({ customer, firstEpoch, endEpoch }) => `${name(customer)} ${firstEpoch}-${endEpoch}`)
    .join(', ')
}

async function expectTold(store: OwnershipHistory, expected: string): Promise<void> {
  const got = told(await store.ofSpace(SPACE))
  expect(got === expected, `owners ${expected}, got ${got}`)
}

const CUSTOMERS: readonly ContractCase<ProvisioningSubject>[] = [
  {
    name: 'an empty store knows nobody',
    run: async (store) => {
      expect((await store.customers()).length === 0, 'no customers')
      expect((await store.customer(ALICE)) === undefined, 'no such customer')
      expect((await store.owner(SPACE, 60)) === undefined, 'no owner')
      expect((await store.unowned()).length === 0, 'no spaces')
      expect((await store.plansOf(ALICE)).length === 0, 'no plans')
    },
  },
  {
    name: 'customers are listed in the order of their DIDs, each once',
    run: async (store) => {
      await addBoth(store)
      const again = await store.addCustomer({ did: ALICE, createdMs: at(70) })
      expect(again.ok?.added === false, 'the customer to be there already')
      const dids = (await store.customers()).map(({ did }) => did).join()
      expect(dids === `${ALICE},${BOB}`, `alice and bob, got ${dids}`)
      expect((await store.customers(ALICE))[0]?.did === BOB, 'bob after alice')
      expect((await store.customer(ALICE))?.createdMs === at(60), 'when alice was added')
    },
  },
  {
    name: 'there is room for so many customers, spaces, owners and plans, and no more',
    run: async (store) => {
      await addBoth(store)
      await store.addCustomer({ did: 'did:key:z6MkThird', createdMs: 0 })
      const fourth = await store.addCustomer({ did: 'did:key:z6MkFourth', createdMs: 0 })
      expect(fourth.error?.name === 'ProvisioningFull', 'no room for a fourth customer')
      for (const n of [1, 2, 3]) await store.assign(to(ALICE, 60, { space: `did:key:z${n}` }))
      const space = await store.assign(to(ALICE, 60, { space: 'did:key:z4' }))
      expect(space.error?.name === 'ProvisioningFull', 'no room for a fourth space')
      for (const n of [1, 2, 3]) await store.setPlan(BOB, `did:web:plan${n}`, at(60 + n))
      const plan = await store.setPlan(BOB, 'did:web:plan4', at(64))
      expect(plan.error?.name === 'ProvisioningFull', 'no room for a fourth plan')
    },
  },
]

const OWNERS: readonly ContractCase<ProvisioningSubject>[] = [
  {
    name: 'the first owner gets all hours before, dated when the space was taken on',
    run: async (store) => {
      await addBoth(store)
      const { ok: owned } = await store.assign(to(ALICE, 60))
      expect(owned !== undefined, 'the space to be given')
      expect(owned.firstEpoch === 0 && owned.endEpoch === null, 'all hours')
      expect(owned.assignedEpoch === 60, 'dated in hour 60')
      expect(owned.provider === PROVIDER && owned.subscription !== '', 'provider, subscription')
      expect((await store.owner(SPACE, 3))?.customer === ALICE, 'an hour before')
      expect(told(await store.ofCustomer(ALICE)) === 'alice 0-null', "alice's spaces")
    },
  },
  {
    name: 'a space is taken from its owner only when told to, and from the next hour on',
    run: async (store) => {
      await addBoth(store)
      await store.assign(to(ALICE, 60))
      const refused = await store.assign(to(BOB, 70))
      expect(refused.error?.name === 'SpaceOwned', 'another owner to be refused')
      await expectTold(store, 'alice 0-null')
      const moved = await store.assign(to(BOB, 70, { move: true }))
      expect(moved.ok?.firstEpoch === 71, 'bob from the next hour on')
      await expectTold(store, 'alice 0-71, bob 71-null')
      expect(told(await store.ofCustomer(ALICE)) === 'alice 0-71', "alice's spaces")
    },
  },
  {
    name: 'D4: a space has one owner and one row whatever the provider is called',
    run: async (store) => {
      await addBoth(store)
      const first = await store.assign(to(ALICE, 60))
      const alias = { provider: 'did:web:alias.example' }
      const again = await store.assign(to(ALICE, 61, alias))
      expect(again.ok?.subscription === first.ok?.subscription, 'the same subscription')
      const other = await store.assign(to(BOB, 61, alias))
      expect(other.error?.name === 'SpaceOwned', 'another owner to be refused')
      await expectTold(store, 'alice 0-null')
    },
  },
  {
    name: 'a space that was released is unowned until somebody takes on what lies between',
    run: async (store) => {
      await addBoth(store)
      await store.assign(to(ALICE, 60))
      await store.assign(to(ALICE, 60, { space: OTHER }))
      await store.release(SPACE, at(70))
      expect((await store.unowned()).join() === SPACE, 'the space to be unowned')
      expect((await store.unowned(SPACE)).length === 0, 'nothing after it')
      expect((await store.owner(SPACE, 71)) === undefined, 'no owner after hour 70')
      const again = await store.release(SPACE, at(70))
      expect(again.error?.name === 'SpaceUnowned', 'nobody to take it from')
      const { ok: owned } = await store.assign(to(BOB, 90))
      expect(owned?.assignedEpoch === 90, 'dated in hour 90')
      await expectTold(store, 'alice 0-71, bob 71-null')
      expect((await store.unowned()).length === 0, 'no space to be unowned')
    },
  },
  {
    name: 'a change counts in no closed period, whatever the clock says',
    run: async (store) => {
      for (const did of [BOB, ALICE]) await store.addCustomer({ did, createdMs: at(10) })
      const { createdMs } = (await store.customer(ALICE))!
      expect(createdMs === OPEN_EPOCH_OF_CONTRACT * EPOCH_MS, 'a customer since then')
      const { ok: owned } = await store.assign(to(ALICE, 10))
      expect(owned?.assignedEpoch === OPEN_EPOCH_OF_CONTRACT, 'dated in the first open hour')
      await store.assign(to(BOB, 20, { move: true }))
      await expectTold(store, 'alice 0-51, bob 51-null')
      await store.setPlan(ALICE, 'did:web:lite', at(20))
      expect((await store.plansOf(ALICE))[0]?.firstEpoch === OPEN_EPOCH_OF_CONTRACT, 'its plan')
    },
  },
  {
    name: 'who is no customer gets neither space nor plan',
    run: async (store) => {
      const owned = await store.assign(to(ALICE, 60))
      expect(owned.error?.name === 'CustomerUnknown', 'no space')
      const plan = await store.setPlan(ALICE, 'did:web:lite', at(60))
      expect(plan.error?.name === 'CustomerUnknown', 'no plan')
      await expectTold(store, '')
    },
  },
]

const PLANS: readonly ContractCase<ProvisioningSubject>[] = [
  {
    name: 'a plan is in force until the hour in which another is chosen is over',
    run: async (store) => {
      await addBoth(store)
      await store.setPlan(ALICE, 'did:web:lite', at(60))
      await store.setPlan(ALICE, 'did:web:lite', at(65))
      await store.setPlan(ALICE, 'did:web:pro', at(70))
      await store.setPlan(BOB, 'did:web:pro', at(60))
      const terms = (await store.plansOf(ALICE)).map((term) => {
        return `${term.plan} ${term.firstEpoch}-${term.endEpoch} ${term.setMs}`
      })
      const expected = `did:web:lite 60-71 ${at(60)},did:web:pro 71-null ${at(70)}`
      expect(terms.join() === expected, `${expected}, got ${terms.join()}`)
    },
  },
  {
    name: 'each change is told by another generation, and what changes nothing is not',
    run: async (store) => {
      const changes = async (change: () => unknown): Promise<boolean> => {
        const before = await store.provisioningGeneration()
        await change()
        return (await store.provisioningGeneration()) !== before
      }
      expect(await changes(() => addBoth(store)), 'customers')
      expect(await changes(() => store.assign(to(ALICE, 60))), 'an owner')
      expect(!(await changes(() => store.assign(to(ALICE, 61)))), 'the same owner')
      expect(await changes(() => store.setPlan(ALICE, 'did:web:lite', at(60))), 'a plan')
      expect(!(await changes(() => store.setPlan(ALICE, 'did:web:lite', at(61)))), 'the same plan')
      expect(await changes(() => store.release(SPACE, at(62))), 'no owner')
    },
  },
]

/**
 * What a store of customers, owners and plans must do. Each case wants an empty one, with
 * {@link PROVISIONING_ROOM} and {@link OPEN_EPOCH_OF_CONTRACT}.
 *
 * @example
 * for (const { name, run } of PROVISIONING_CONTRACT) test(name, async () => run(await open()))
 */
export const PROVISIONING_CONTRACT: readonly ContractCase<ProvisioningSubject>[] = [
  ...CUSTOMERS,
  ...OWNERS,
  ...PLANS,
]
