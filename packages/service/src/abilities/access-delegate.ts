/**
 * `access/delegate`: a space lets this gateway serve its content.
 * Source: Storacha, "access/delegate"; upload-service, `space/content/serve`.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { CID } from 'multiformats/cid'
import { MESSAGE_DELEGATIONS_MAX } from '@turnpike/core/limits/ucan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { StoredDelegation } from '@turnpike/core/ports/delegations'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { UcanBlocks } from '@turnpike/core/ucan/archive'
import type { Ability, Outcome, Task } from '../ability.ts'
import type { FrontDoorDeps } from '../deps.ts'
import { derivesBy, isWithin } from '../derives.ts'
import { archiveOf, keyOfCid } from '../message.ts'

const DELEGATE = capability({
  can: 'access/delegate',
  with: Schema.did({ method: 'key' }),
  nb: Schema.struct({
    delegations: Schema.dictionary({ value: Schema.link() }),
  }),
  derives: derivesBy(isWithin),
})

/** A delegation that a message names is not in it. */
export class DelegationNotFound extends Error {
  override readonly name = 'DelegationNotFound'
}

/** A message names no delegations, or more than are looked at. */
export class DelegationCount extends Error {
  override readonly name = 'DelegationCount'
}

/** A space that this gateway does not serve. */
export class SpaceNotServed extends Error {
  override readonly name = 'SpaceNotServed'
}

type Deps = Pick<FrontDoorDeps, 'delegations' | 'checkDelegation' | 'serves' | 'hasher'>

/**
 * Stores the delegations that an invocation names: all of them, or, when one is refused, none.
 * Each must be from the space that the invocation is about, to this gateway, for serving.
 */
export function accessDelegate(deps: Deps): Ability {
  return { can: 'access/delegate', capability: DELEGATE, run: (task) => delegate(task, deps) }
}

async function delegate({ asked, capability: read, signal }: Task, deps: Deps): Promise<Outcome> {
  const space = read.with as SpaceDid
  const { delegations } = read.nb as { readonly delegations: Readonly<Record<string, CID>> }
  const links = Object.values(delegations)
  if (links.length === 0 || links.length > MESSAGE_DELEGATIONS_MAX) {
    const message = `1 to ${MESSAGE_DELEGATIONS_MAX} delegations expected, got ${links.length}`
    return fail(new DelegationCount(message))
  }
  if (!(await deps.serves(space))) {
    const message = `${space} expected to be a space that the operator of this gateway knows`
    return fail(new SpaceNotServed(message))
  }
  const checked: StoredDelegation[] = []
  for (const link of links) {
    const archive = archiveIn(link, asked.blocks, deps)
    if (archive.error) return archive
    const delegation = await deps.checkDelegation(archive.ok, space, signal)
    if (delegation.error) return delegation
    checked.push(delegation.ok)
  }
  for (const delegation of checked) {
    const put = await deps.delegations.put(delegation)
    if (put.error) return put
  }
  return ok({})
}

/** A delegation lies in the message as its blocks, or as one block that is an archive. */
function archiveIn(
  link: CID,
  blocks: UcanBlocks,
  { hasher }: Pick<Deps, 'hasher'>,
): Result<Uint8Array, DelegationNotFound> {
  const key = keyOfCid(link)
  const ucan = key && blocks.find(key)
  if (ucan !== undefined) return ok(archiveOf({ ucan, blocks }, hasher))
  const block = key && blocks.block(key)
  if (block !== undefined) return ok(block)
  return fail(new DelegationNotFound(`delegation ${String(link)} expected in the message, is not`))
}
