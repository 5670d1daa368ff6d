/**
 * What the owner of a data folder does for commands: everything that writes to its catalog.
 * @module
 */
import { collectGarbage } from '../add/gc.ts'
import { commitStage } from '../add/commit.ts'
import { datingClock } from '../billing/dating.ts'
import { claimOperations, type ClaimOperation } from '../claims/operations.ts'
import { removeRoot } from '../catalog/roots.ts'
import type { FolderOwner } from '../folder/open.ts'
import type { Operation } from '../control/server.ts'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { KeyDid } from '@turnpike/core/ports/principals'
import type { Clock } from '@turnpike/core/ports/runtime'
import { linkFromString } from '@turnpike/core/link'
import { fail, ok } from '@turnpike/core/result'
import {
  AUTHORIZE_OPERATIONS,
  type AuthorizeOperation,
  authorizeOperations,
} from '../authorize/operations.ts'
import { DENY_OPERATIONS, type DenyOperation, denyOperations } from '../deny/operations.ts'
import { fetchedOperation } from '../fetch-caps/operation.ts'
import { nameOperations } from '../names/operations.ts'
import {
  CUSTOMER_OPERATIONS,
  type CustomerOperation,
  customerOperations,
} from '../provisioning/operations.ts'
import { InvalidParams } from './params.ts'

/** Names of the owner's operations. */
export const OWNER_OPERATIONS: readonly OwnerOperation[] = [
  'commit',
  'rm',
  'gc',
  'whoami',
  'fetched',
  'claimsIssue',
  'claimsPublish',
  'namePublish',
  'namePut',
  'nameRenew',
  ...DENY_OPERATIONS,
  ...AUTHORIZE_OPERATIONS,
  ...CUSTOMER_OPERATIONS,
]

/** Name of one of the owner's operations. */
export type OwnerOperation =
  | 'commit'
  | 'rm'
  | 'gc'
  | 'whoami'
  | 'fetched'
  | ClaimOperation
  | 'namePublish'
  | 'namePut'
  | 'nameRenew'
  | DenyOperation
  | AuthorizeOperation
  | CustomerOperation

/** Who a data folder's gateway is, and which space is its default. Serializable. */
export interface Whoami {
  readonly gateway: KeyDid
  readonly defaultSpace: SpaceDid
  /** Keys that the gateway had before, and that are still believed. */
  readonly previous: readonly KeyDid[]
}

/** Who the gateway of an owned folder is. */
export function whoamiOf({ gateway, previous, space }: FolderOwner): Whoami {
  return {
    gateway: gateway.did(),
    defaultSpace: space.did(),
    previous: previous.map((key) => key.did()),
  }
}

/**
 * Operations on an owned folder. Parameters come as JSON: `commit {stage}`, `rm {cid, space?}`,
 * `gc`, `whoami`, `fetched {rows}`, and those of names, denylists, spaces, delegations
 * and customers.
 */
export function ownerOperations(
  folder: FolderOwner,
  clock: Clock,
): Readonly<Record<OwnerOperation, Operation>> {
  const { catalog, blobs, gateway, paths } = folder
  const claims = claimOperations({ folder, clock })
  const dating = datingClock(folder, clock)
  return {
    async commit(params) {
      const stage = textOf(params, 'stage')
      if (stage === undefined) return fail(new InvalidParams('"stage" expected a string'))
      const context = { catalog, blobs, gateway, paths, clock: dating }
      const committed = await commitStage(context, stage)
      if (committed.ok) await claims.added()
      return committed
    },
    async rm(params) {
      const text = textOf(params, 'cid') ?? ''
      const link = linkFromString(text)
      if (link === undefined) return fail(new InvalidParams(`"cid" expected a CID, got "${text}"`))
      return removeRoot(catalog, textOf(params, 'space') ?? folder.space.did(), link, dating)
    },
    gc: () => collectGarbage(folder),
    async whoami() {
      return ok(whoamiOf(folder))
    },
    fetched: fetchedOperation(catalog),
    ...claims.operations,
    ...nameOperations({ folder, clock }),
    ...denyOperations(folder, clock),
    ...authorizeOperations(folder, clock, dating),
    ...customerOperations(folder, dating),
  }
}

function textOf(params: unknown, name: string): string | undefined {
  if (typeof params !== 'object' || params === null) return undefined
  const value = (params as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : undefined
}
