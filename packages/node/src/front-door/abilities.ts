/**
 * What can be asked at the front door beside access and claims.
 * @module
 */
import type { Plans } from '@turnpike/core/billing/plan'
import type { PlanList } from '@turnpike/core/ports/provisioning'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Ability } from '@turnpike/service/ability'
import type { Identity } from '@turnpike/service/deps'
import { egressTrack } from '@turnpike/service/payout/egress-track'
import { provisioningAbilities } from '@turnpike/service/provisioning/abilities'
import { quotaAbility } from '@turnpike/service/quota/ability'
import { usageAbilities } from '@turnpike/service/usage/abilities'
import type { FrontDoorSettings } from './settings.ts'
import { datingClock } from '../billing/dating.ts'
import type { FolderOwner } from '../folder/open.ts'
import type { GatewayIdentity } from '../identity/identity.ts'
import { askingPayouts } from '../payout/track.ts'
import { readPlans } from '../plans/read.ts'
import { openProvisioning } from '../provisioning/open.ts'
import type { AskThread } from '../threads/calls.ts'
import { askedUsage } from '../usage/operations.ts'
import { StorageDeltas } from '../usage/storage-deltas.ts'

/** What they are made of. */
export interface DoorAbilitiesOptions {
  readonly folder: Pick<FolderOwner, 'catalog' | 'paths' | 'gateway' | 'previous'>
  readonly identity: GatewayIdentity
  readonly clock: Clock
  /** Asks accounting. */
  readonly ask: AskThread
  /** Who this gateway is, with the key that signs. */
  readonly signing: Identity
  readonly settings: Pick<FrontDoorSettings, 'plans' | 'providerAdd' | 'storageNodes'>
}

/**
 * The abilities, over a folder that this process owns.
 *
 * @throws {PlansRefused} when the file of plans can't be read
 */
export function doorAbilities(options: DoorAbilitiesOptions): Ability[] {
  const { folder, identity, signing, clock, settings, ask } = options
  const read = readPlans(settings.plans)
  if (read.error) throw read.error
  const provisioning = openProvisioning(folder)
  const storage = new StorageDeltas(folder.catalog)
  const plans = planList(read.ok)
  const { providerAdd } = settings
  const parts = { identity, provisioning, clock: datingClock(folder, clock) }
  return [
    ...provisioningAbilities({ ...parts, plans, storage, providerAdd }),
    ...usageAbilities({ usage: askedUsage(ask) }),
    quotaAbility({ quota: (customer) => ask('quota', { customer }) }),
    egressTrack({
      identity: signing,
      nodes: settings.storageNodes,
      payouts: askingPayouts(ask),
      clock,
    }),
  ]
}

function planList({ byId, standard }: Plans): PlanList {
  return {
    has: (plan) => byId.has(plan),
    isOffered: (plan) => byId.get(plan)?.offered === true,
    standard: standard.id,
  }
}
