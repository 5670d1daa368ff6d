/**
 * All abilities about customers, consumers and plans.
 * @module
 */
import type { Ability } from '../ability.ts'
import type { ProvisioningDeps } from './deps.ts'
import { planAbilities } from './plan.ts'
import { providerAdd } from './provider-add.ts'
import { recordAbilities } from './records.ts'

/**
 * The abilities of provisioning.
 *
 * @example
 * const door = await openFrontDoor({ ...deps, abilities: provisioningAbilities(provisioningDeps) })
 */
export function provisioningAbilities(deps: ProvisioningDeps): readonly Ability[] {
  return [providerAdd(deps), ...recordAbilities(deps), ...planAbilities(deps)]
}
