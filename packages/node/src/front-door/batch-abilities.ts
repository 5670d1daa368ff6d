/**
 * What can be asked at the front door thousands of times a second.
 * @module
 */
import { epochOf } from '@turnpike/core/billing/epoch'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { DidResolver } from '@turnpike/core/ports/principals'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { BatchAbility } from '@turnpike/service/ability'
import { egressRecord } from '@turnpike/service/egress/record'
import type { CatalogDelegations } from '../catalog/delegations.ts'
import { isKnown } from '../catalog/spaces.ts'
import { askingRecorder } from '../egress/recorder.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import type { GatewayIdentity } from '../identity/identity.ts'
import { poolVerifier } from '../names/verifier.ts'
import { openProvisioning } from '../provisioning/open.ts'
import type { AskThread } from '../threads/calls.ts'

/** What they are made of. */
export interface BatchAbilitiesOptions {
  readonly folder: Pick<FolderOwner, 'catalog' | 'paths' | 'gateway' | 'previous'>
  readonly identity: GatewayIdentity
  readonly attesters: readonly string[]
  readonly delegations: CatalogDelegations
  readonly resolver: DidResolver
  readonly clock: Clock
  /** Asks accounting. */
  readonly ask: AskThread
  crash(error: unknown): void
}

/** The abilities, over a folder that this process owns. */
export function batchAbilities(options: BatchAbilitiesOptions): readonly BatchAbility[] {
  const { folder, identity, delegations, clock } = options
  const { catalog } = folder
  const provisioning = openProvisioning(folder)
  const record = egressRecord({
    ...options,
    dids: identity.dids,
    hasher: nodeHasher,
    checks: new SignatureChecks(poolVerifier, options.resolver),
    recorder: askingRecorder(options.ask),
    spaceOf(space) {
      const customer = provisioning.owner(space, epochOf(clock.nowMs()))?.customer
      const isOurs = customer !== undefined || isKnown(catalog, space)
      return isOurs || delegations.forSpace(space).length > 0 ? { customer } : undefined
    },
  })
  return [record]
}
