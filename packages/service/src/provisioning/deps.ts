/**
 * What provisioning by invocation is made of.
 * @module
 */
import type { OwnershipHistory, PlanHistory, PlanList } from '@turnpike/core/ports/provisioning'
import type { Provisioning } from '@turnpike/core/ports/provisioning'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { StorageHistory } from '@turnpike/core/ports/usage'
import type { Identity } from '../deps.ts'

/** Ports of the abilities about customers, consumers and plans. */
export interface ProvisioningDeps {
  readonly identity: Pick<Identity, 'dids'>
  readonly provisioning: Provisioning & OwnershipHistory & PlanHistory
  readonly plans: PlanList
  readonly storage: Pick<StorageHistory, 'sizeBytes'>
  readonly clock: Clock
  readonly providerAdd: ProviderAddSetting
}

/** Who gives a space that nobody has to a customer: whoever asks, or the operator alone. */
export type ProviderAddSetting = 'any' | 'operator'

/** Somebody asks in the name of a gateway that is not this one. */
export class UnknownProvider extends Error {
  override readonly name = 'UnknownProvider'
}

/** Whoever is asked about is no customer here. */
export class CustomerNotFound extends Error {
  override readonly name = 'CustomerNotFound'
}

/** Whether a DID is one by which this gateway is called: all of them mean the same provider. */
export function isOurs(did: string, { identity }: Pick<ProvisioningDeps, 'identity'>): boolean {
  return identity.dids.includes(did)
}

/** The refusal of who asks in another's name. */
export function unknownProvider(did: string): UnknownProvider {
  return new UnknownProvider(`${did} expected to be a DID of this gateway, is not`)
}
