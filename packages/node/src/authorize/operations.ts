/**
 * What the owner of a data folder does for spaces and delegations.
 * @module
 */
import { base32 } from 'multiformats/bases/base32'
import { DELEGATION_ARCHIVE_BYTES_MAX } from '@turnpike/core/limits/ucan'
import { linkFromString, linkToBytes } from '@turnpike/core/link'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { CustomerUnknown } from '@turnpike/core/ports/provisioning'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { publicKeyOf } from '@turnpike/core/ucan/did-key'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { ensureSpace } from '../catalog/spaces.ts'
import type { Operation } from '../control/server.ts'
import { loadKey } from '../folder/keys.ts'
import type { FolderOwner } from '../folder/open.ts'
import type { FrontDoorSettings } from '../front-door/settings.ts'
import { identityOf } from '../identity/identity.ts'
import { openResolver } from '../identity/open.ts'
import { InvalidParams } from '../owner/params.ts'
import { openProvisioning } from '../provisioning/open.ts'
import { delegateOperator } from './operator.ts'
import { issueServing } from './issue.ts'
import { findSpace, keyOfSpace, SPACE_NAME, spaceKeyName } from './space-keys.ts'
import { storeDelegation } from './store-delegation.ts'

/** Names of the operations. */
export const AUTHORIZE_OPERATIONS = [
  'spaceCreate',
  'delegationCreate',
  'delegationImport',
  'delegationOperator',
  'delegationRevoke',
] as const

/** Name of one of the operations. */
export type AuthorizeOperation = (typeof AUTHORIZE_OPERATIONS)[number]

/** A space of this name is there already. */
export class SpaceExists extends Error {
  override readonly name = 'SpaceExists'
}

/** What `spaceCreate` answers. */
export interface SpaceCreated {
  readonly did: SpaceDid
  readonly name: string
  /** DID of the customer who has it; null for nobody. */
  readonly customer: string | null
}

/** What `delegationCreate` and `delegationImport` answer. */
export interface DelegationCreated {
  readonly cid: string
  readonly space: string
  readonly audience: string
  /** ISO 8601; null for never. */
  readonly expires: string | null
  /** Whether this gateway keeps it, and goes by it. */
  readonly stored: boolean
  /** In base64, for another audience; null when it is stored. */
  readonly archive: string | null
}

/** What `delegationRevoke` answers. */
export interface DelegationRevoked {
  readonly cid: string
  /** Stored delegations that have this CID themselves; others may stand on it. */
  readonly delegations: number
}

/**
 * Operations on an owned folder. Parameters come as JSON: `spaceCreate {name, did?, customer?,
 * settings?}`, with the DID of a space whose key is elsewhere, `delegationCreate {space, settings,
 * audience?, token?, expiresMs?}`, `delegationImport {archive, settings, space?}` with the archive
 * in base64, `delegationOperator {can, audience, expiresMs?, settings}`, `delegationRevoke {cid}`.
 */
export function authorizeOperations(
  folder: FolderOwner,
  clock: Clock,
  dating: Pick<Clock, 'nowMs'> = clock,
): Readonly<Record<AuthorizeOperation, Operation>> {
  return {
    spaceCreate: (params) => createSpace(folder, dating, fieldsOf(params)),
    delegationCreate: (params) => createDelegation(folder, clock, fieldsOf(params)),
    delegationImport: (params, { signal }) =>
      importDelegation(folder, clock, fieldsOf(params), signal),
    delegationOperator(params) {
      const fields = fieldsOf(params)
      const { identity } = trustOf(folder, fields['settings'])
      return delegateOperator(folder, identity.did, fields)
    },
    delegationRevoke: (params) => revokeDelegation(folder, clock, fieldsOf(params)),
  }
}

type Fields = Readonly<Record<string, unknown>>

async function createSpace(
  folder: FolderOwner,
  clock: Pick<Clock, 'nowMs'>,
  { name, did: elsewhere, customer: owner, settings }: Fields,
): Promise<Result<SpaceCreated, Error>> {
  const { catalog, paths } = folder
  if (typeof name !== 'string' || !SPACE_NAME.test(name))
    return fail(new InvalidParams('"name" expected 1 to 64 of a-z, 0-9, _ and -'))
  if (elsewhere !== undefined && publicKeyOf(textOf(elsewhere)) === undefined)
    return fail(new InvalidParams(`"did" expected a did:key, got "${textOf(elsewhere)}"`))
  const there = [name, textOf(elsewhere)].find((space) => findSpace(catalog, space).ok)
  if (there !== undefined)
    return fail(new SpaceExists(`a space called ${there} expected not to be there, is`))
  const provisioning = openProvisioning(folder)
  const customer = owner === undefined ? undefined : provisioning.customer(textOf(owner))
  if (owner !== undefined && customer === undefined) return fail(new CustomerUnknown(textOf(owner)))
  const did =
    elsewhere === undefined
      ? (await loadKey(paths.keys, spaceKeyName(name))).did()
      : (textOf(elsewhere) as SpaceDid)
  ensureSpace(catalog, { did, name, createdMs: clock.nowMs() })
  if (customer === undefined) return ok({ did, name, customer: null })
  const { identity } = trustOf(folder, settings)
  const to = { space: did, customer: customer.did, provider: identity.did, atMs: clock.nowMs() }
  const owned = provisioning.assign(to)
  return owned.error ? owned : ok({ did, name, customer: customer.did })
}

async function createDelegation(
  folder: FolderOwner,
  clock: Clock,
  { space: asked, audience, token, expiresMs, settings }: Fields,
): Promise<Result<DelegationCreated, Error>> {
  const space = findSpace(folder.catalog, textOf(asked))
  if (space.error) return space
  const key = await keyOfSpace(folder.paths.keys, space.ok)
  if (key.error) return key
  const { identity } = trustOf(folder, settings)
  const issued = await issueServing({
    space: key.ok,
    audience: textOf(audience) || identity.did,
    token: typeof token === 'string' ? token : undefined,
    expiresMs: typeof expiresMs === 'number' ? expiresMs : undefined,
  })
  const isOurs = identity.dids.includes(textOf(audience) || identity.did)
  if (isOurs)
    return importDelegation(
      folder,
      clock,
      { archive: base64(issued.archive), settings, space: space.ok.did },
      new AbortController().signal,
    )
  return ok({
    cid: issued.cid,
    space: space.ok.did,
    audience: textOf(audience),
    expires: typeof expiresMs === 'number' ? isoOf(Math.floor(expiresMs / 1000) * 1000) : null,
    stored: false,
    archive: base64(issued.archive),
  })
}

async function importDelegation(
  folder: FolderOwner,
  clock: Clock,
  { archive: encoded, space, settings }: Fields,
  signal: AbortSignal,
): Promise<Result<DelegationCreated, Error>> {
  const archive = new Uint8Array(Buffer.from(textOf(encoded), 'base64'))
  if (archive.length > DELEGATION_ARCHIVE_BYTES_MAX)
    return fail(
      new InvalidParams(
        `"archive" expected <= ${DELEGATION_ARCHIVE_BYTES_MAX} bytes, got ${archive.length}`,
      ),
    )
  const trust = trustOf(folder, settings)
  const { resolver, close } = openResolver({ ...trust, clock })
  try {
    const kept = await storeDelegation(folder.catalog, {
      archive,
      space: space === undefined ? undefined : (textOf(space) as SpaceDid),
      gateways: trust.identity.dids,
      attesters: [...trust.identity.dids, ...trust.settings.attestAuthorities],
      resolver,
      nowMs: clock.nowMs(),
      signal,
    })
    if (kept.error) return kept
    const { cid, audience, expiresMs, ...delegation } = kept.ok.delegation
    const expires = expiresMs === undefined ? null : isoOf(expiresMs)
    const of = delegation.space
    return ok({ cid: textOfCid(cid), space: of, audience, expires, stored: true, archive: null })
  } finally {
    close()
  }
}

async function revokeDelegation(
  { catalog, gateway }: FolderOwner,
  clock: Clock,
  { cid }: Fields,
): Promise<Result<DelegationRevoked, Error>> {
  const link = linkFromString(textOf(cid))
  if (link === undefined)
    return fail(new InvalidParams(`"cid" expected a CID, got "${textOf(cid)}"`))
  const bytes = linkToBytes(link)
  const store = new CatalogDelegations(catalog)
  const revokedMs = clock.nowMs()
  const done = store.revoke({ cid: bytes, issuer: gateway.did(), revokedMs, archive: undefined })
  if (done.error) return done
  return ok({ cid: textOfCid(bytes), delegations: store.withCid(bytes).length })
}

const NO_SETTINGS: FrontDoorSettings = {
  identity: 'key',
  didMap: [],
  attestAuthorities: [],
  delegationsFrom: 'known',
  allowPrivateOrigins: false,
  claimIssuers: [],
  plans: undefined,
  providerAdd: 'any',
  storageNodes: [],
}

/** Whom to believe, as the command's settings have it. */
function trustOf(
  { gateway, previous }: FolderOwner,
  settings: unknown,
): {
  readonly settings: FrontDoorSettings
  readonly identity: ReturnType<typeof identityOf>
} {
  const known = { ...NO_SETTINGS, ...(settings as Partial<FrontDoorSettings> | undefined) }
  const keys = { gateway: gateway.did(), previous: previous.map((key) => key.did()) }
  return { settings: known, identity: identityOf(known.identity, keys) }
}

/** The text that a binary CID of version 1 has. */
export function textOfCid(cid: Uint8Array): string {
  return base32.encode(cid)
}

function fieldsOf(params: unknown): Fields {
  return typeof params === 'object' && params !== null ? (params as Fields) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
