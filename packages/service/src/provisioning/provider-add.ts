/**
 * `provider/add`: a customer takes a space on, to be stored and served here at their cost.
 * Source: Storacha, "provider/add"; upload-service, its errors.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import { derivesBy, sameText } from '../derives.ts'
import { isOurs, type ProvisioningDeps } from './deps.ts'

const ADD = capability({
  can: 'provider/add',
  with: Schema.did(),
  nb: Schema.struct({ provider: Schema.did(), consumer: Schema.did({ method: 'key' }) }),
  derives: derivesBy(sameText),
})

/** The provider is not this gateway, or the consumer is. */
export class InvalidProvider extends Error {
  override readonly name = 'InvalidProvider'
}

/** The operator has not made this account a customer. */
export class AccountPlanMissing extends Error {
  override readonly name = 'AccountPlanMissing'
}

/** Another customer has the space. */
export class SpaceAlreadyProvisioned extends Error {
  override readonly name = 'SpaceAlreadyProvisioned'
}

/** The operator alone gives spaces to customers. */
export class ProviderAddClosed extends Error {
  override readonly name = 'ProviderAddClosed'
}

/**
 * Gives a space that nobody has to the account that asks. It pays for what is read from now on, and
 * for what was read before anybody did; whether it holds the space is not asked, as in the field.
 */
export function providerAdd(deps: ProvisioningDeps): Ability {
  const { provisioning, clock, providerAdd: from } = deps
  const run = async ({ capability: { with: account, nb } }: Task): Promise<Outcome> => {
    const { provider, consumer } = nb as { readonly provider: string; readonly consumer: SpaceDid }
    if (!isOurs(provider, deps))
      return fail(new InvalidProvider(`${provider} expected to be a DID of this gateway, is not`))
    if (isOurs(consumer, deps))
      return fail(new InvalidProvider('the gateway itself expected not to be a space, is'))
    if (from === 'operator' && !(await has(account, consumer, deps)))
      return fail(new ProviderAddClosed(`${consumer} expected to be given by the operator, is not`))
    const customer = account as CustomerDid
    const to = { space: consumer, customer, provider, atMs: clock.nowMs() }
    const { error } = await provisioning.assign(to)
    if (error === undefined) return ok({})
    if (error.name === 'CustomerUnknown')
      return fail(new AccountPlanMissing(`${account} expected to be a customer here, is not`))
    if (error.name === 'SpaceOwned')
      return fail(new SpaceAlreadyProvisioned(`${consumer} expected to have no customer, has one`))
    if (error.name === 'SpaceOfOperator') return fail(new InvalidProvider(error.message))
    return fail(error)
  }
  return { can: 'provider/add', capability: ADD, run }
}

/** Whether a customer has a space already. */
async function has(
  account: string,
  space: SpaceDid,
  { provisioning }: Pick<ProvisioningDeps, 'provisioning'>,
): Promise<boolean> {
  const last = (await provisioning.ofSpace(space)).at(-1)
  return last?.endEpoch === null && last.customer === account
}
