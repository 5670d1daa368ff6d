/**
 * `plan/get` and `plan/set`: a customer's plan.
 * Source: Storacha, "plan"; upload-service, what they answer.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import { derivesBy, sameText } from '../derives.ts'
import { CustomerNotFound, type ProvisioningDeps } from './deps.ts'

const GET = capability({ can: 'plan/get', with: Schema.did() })

const SET = capability({
  can: 'plan/set',
  with: Schema.did(),
  nb: Schema.struct({ product: Schema.did() }),
  derives: derivesBy(sameText),
})

/** The account is no customer here, so it has no plan. */
export class PlanNotFound extends Error {
  override readonly name = 'PlanNotFound'
}

/** There is no such plan, or the operator alone puts customers on it. */
export class InvalidPlanName extends Error {
  override readonly name = 'InvalidPlanName'
}

/** What stands for no limit of storage, in the field. */
const NO_LIMIT = '0'

/** The abilities. A plan that is chosen is in force from the next hour on. */
export function planAbilities(deps: ProvisioningDeps): readonly Ability[] {
  return [
    { can: 'plan/get', capability: GET, isQuestion: true, run: (task) => get(task, deps) },
    { can: 'plan/set', capability: SET, run: (task) => set(task, deps) },
  ]
}

async function get(
  { capability: { with: account } }: Task,
  { provisioning, plans }: ProvisioningDeps,
): Promise<Outcome> {
  const customer = await provisioning.customer(account)
  if (customer === undefined)
    return fail(new PlanNotFound(`${account} expected to be a customer here, is not`))
  const chosen = (await provisioning.plansOf(account)).at(-1)
  const updatedMs = chosen?.setMs ?? customer.createdMs
  return ok({
    updatedAt: new Date(updatedMs).toISOString(),
    product: chosen?.plan ?? plans.standard,
    limit: NO_LIMIT,
  })
}

async function set(
  { capability: { with: account, nb } }: Task,
  { provisioning, plans, clock }: ProvisioningDeps,
): Promise<Outcome> {
  const { product } = nb as { readonly product: string }
  if (!plans.isOffered(product))
    return fail(new InvalidPlanName(`${product} expected to be a plan that is offered, is not`))
  const { error } = await provisioning.setPlan(account as CustomerDid, product, clock.nowMs())
  if (error === undefined) return ok({})
  return fail(error.name === 'CustomerUnknown' ? new CustomerNotFound(error.message) : error)
}
