/**
 * `account/quota/get`: where a customer stands with what their plan allows. An ability of our own,
 * named as those for the usage of an account are.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import { AccountNotFound } from '@turnpike/core/ports/usage'
import { fail, type Awaitable, type Result } from '@turnpike/core/result'
import type { Ability } from '../ability.ts'
import { derivesBy, sameText } from '../derives.ts'

const QUOTA = capability({
  can: 'account/quota/get',
  with: Schema.did(),
  nb: Schema.struct({}),
  derives: derivesBy(sameText),
})

/** Port of the ability. */
export interface QuotaAbilityDeps {
  /**
   * A customer's quota, of plain values: docs/operating/plans.md has its fields. `CustomerUnknown`
   * for one whom nobody knows.
   */
  quota(customer: string): Awaitable<Result<object, Error>>
}

/**
 * The ability: an account is asked about by whoever may act for the customer.
 *
 * @example
 * const door = await openFrontDoor({ ...deps, abilities: [quotaAbility({ quota })] })
 */
export function quotaAbility({ quota }: QuotaAbilityDeps): Ability {
  return {
    can: 'account/quota/get',
    capability: QUOTA as unknown as Ability['capability'],
    isQuestion: true,
    async run({ capability: { with: customer } }) {
      const answer = await quota(customer)
      const isUnknown = answer.error?.name === 'CustomerUnknown'
      return isUnknown ? fail(new AccountNotFound(customer)) : answer
    },
  }
}
