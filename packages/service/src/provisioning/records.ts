/**
 * `consumer/has`, `consumer/get`, `customer/get` and `subscription/list`: who has what here now.
 * Source: Storacha, "provider" and "subscription"; upload-service, what they answer.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Ownership } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import { derivesBy, sameText } from '../derives.ts'
import { CustomerNotFound, isOurs, type ProvisioningDeps, unknownProvider } from './deps.ts'

const aboutConsumer = <Can extends `consumer/${string}`>(can: Can) =>
  capability({
    can,
    with: Schema.did(),
    nb: Schema.struct({ consumer: Schema.did({ method: 'key' }) }),
    derives: derivesBy(sameText),
  })

const HAS = aboutConsumer('consumer/has')
const GET = aboutConsumer('consumer/get')

const CUSTOMER = capability({
  can: 'customer/get',
  with: Schema.did(),
  nb: Schema.struct({ customer: Schema.did() }),
  derives: derivesBy(sameText),
})

const LIST = capability({ can: 'subscription/list', with: Schema.did() })

/** Nobody has this space here. */
export class ConsumerNotFound extends Error {
  override readonly name = 'ConsumerNotFound'
}

/** What stands for no limit, in the field. */
const NO_LIMIT = 0

/** The abilities. Who asks about consumers and customers does so in the name of this gateway. */
export function recordAbilities(deps: ProvisioningDeps): readonly Ability[] {
  const ours = (run: (task: Task) => Promise<Outcome>): Ability['run'] => {
    return (task) => {
      const provider = task.capability.with
      return isOurs(provider, deps) ? run(task) : Promise.resolve(fail(unknownProvider(provider)))
    }
  }
  const question = { isQuestion: true }
  return [
    { can: 'consumer/has', capability: HAS, ...question, run: ours((task) => has(task, deps)) },
    { can: 'consumer/get', capability: GET, ...question, run: ours((task) => get(task, deps)) },
    {
      can: 'customer/get',
      capability: CUSTOMER,
      ...question,
      run: ours((task) => customer(task, deps)),
    },
    {
      can: 'subscription/list',
      capability: LIST,
      ...question,
      run: (task) => list(task, deps),
    },
  ]
}

function consumerOf({ capability: { nb } }: Task): SpaceDid {
  return (nb as { readonly consumer: SpaceDid }).consumer
}

/** Who has a space after the last change; from the next hour on, it may be. */
async function holderOf(
  space: SpaceDid,
  { provisioning }: ProvisioningDeps,
): Promise<Ownership | undefined> {
  const last = (await provisioning.ofSpace(space)).at(-1)
  return last?.endEpoch === null ? last : undefined
}

async function has(task: Task, deps: ProvisioningDeps): Promise<Outcome> {
  return ok((await holderOf(consumerOf(task), deps)) !== undefined)
}

async function get(task: Task, deps: ProvisioningDeps): Promise<Outcome> {
  const space = consumerOf(task)
  const owned = await holderOf(space, deps)
  if (owned === undefined)
    return fail(new ConsumerNotFound(`${space} expected to have a customer here, has none`))
  const { customer: did, subscription } = owned
  const allocated = await deps.storage.sizeBytes(space, deps.clock.nowMs() + 1)
  return ok({
    did: space,
    allocated: countOf(allocated),
    limit: NO_LIMIT,
    subscription,
    customer: did,
  })
}

/** A count as DAG-CBOR has it: what is beyond 2^53 keeps all its digits. */
function countOf(bytes: bigint): number | bigint {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : bytes
}

async function customer(task: Task, deps: ProvisioningDeps): Promise<Outcome> {
  const { customer: did } = task.capability.nb as { readonly customer: string }
  if ((await deps.provisioning.customer(did)) === undefined)
    return fail(new CustomerNotFound(`${did} expected to be a customer here, is not`))
  const subscriptions = (await heldBy(did, deps)).map(({ subscription }) => subscription)
  return ok({ did, subscriptions })
}

/** By whatever name a space was taken on, the provider is this gateway, by the name that it has. */
async function list(task: Task, deps: ProvisioningDeps): Promise<Outcome> {
  const [provider] = deps.identity.dids
  const results = (await heldBy(task.capability.with, deps)).map((owned) => {
    return { subscription: owned.subscription, provider, consumers: [owned.space] }
  })
  return ok({ results })
}

async function heldBy(
  did: string,
  { provisioning }: ProvisioningDeps,
): Promise<readonly Ownership[]> {
  const had = await provisioning.ofCustomer(did)
  return had.filter(({ endEpoch }) => endEpoch === null)
}
