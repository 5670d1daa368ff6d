/**
 * What a process needs to serve: the folder to read, a journal to write, and the gateway over them.
 * @module
 */
import { createGateway } from '@turnpike/gateway/gateway'
import { hostSettings, type HostSettings } from '@turnpike/gateway/hosts/settings'
import { trustlessSettings } from '@turnpike/gateway/trustless'
import type { Gateway } from '@turnpike/gateway/types'
import type { FetchCaps } from '@turnpike/gateway/admission/fetch-caps'
import { Identities } from '@turnpike/gateway/admission/identities'
import { Refusals } from '@turnpike/gateway/admission/refusals'
import { RequestLimits } from '@turnpike/gateway/admission/request-limits'
import { PlanGate, type Quotas } from '@turnpike/gateway/quota/gate'
import type { Observer } from '@turnpike/gateway/observer'
import type { ClaimTrust } from '@turnpike/core/claims/trust'
import type { Authorizer, ContentIndex } from '@turnpike/core/ports/content'
import type { Denylist } from '@turnpike/core/ports/deny'
import type { DidResolver } from '@turnpike/core/ports/principals'
import { orderSites } from '@turnpike/core/origin/order-sites'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { fail, ok, type Result } from '@turnpike/core/result'
import { join } from 'node:path'
import { accountingPaths } from '../accounting/open.ts'
import { ackRoutes } from '../acks/routes.ts'
import { ClaimedIndex, KnownIndex } from '../claims/claimed-index.ts'
import { CatalogIndexes } from '../claims/finder.ts'
import { claimRoutes } from '../claims/routes.ts'
import { CatalogClaims } from '../claims/store.ts'
import { CatalogIndex } from '../catalog/content-index.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { catalogAuthorizer, type Trust } from '../authorize/authorizer.ts'
import { ownSites } from '../catalog/own-sites.ts'
import { hostSpacesOf } from '../config/host-spaces.ts'
import type { Settings } from '../config/settings.ts'
import { followDenylists } from '../deny/live.ts'
import { openFetchCaps } from '../fetch-caps/open.ts'
import { folderPaths } from '../folder/layout.ts'
import { openFolderReader, type FolderReader } from '../folder/open.ts'
import { frontDoorRoutes, identityRoutes } from '../front-door/open.ts'
import { withRoutes, type Route } from '../front-door/routes.ts'
import { batchRoutes } from '../handover/routes.ts'
import { nodeHasher } from '../hasher.ts'
import { identityOf, type GatewayIdentity } from '../identity/identity.ts'
import { openResolver } from '../identity/open.ts'
import { openJournal, type NodeJournal } from '../journal/journal.ts'
import type { JournalFailed } from '../journal/options.ts'
import { asOriginFault, openLocators, type OpenLocators } from '../locators/open.ts'
import { openNames } from '../names/open.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { openOrigins, type OpenOrigins } from '../origins/open.ts'
import { receiptRoutes } from '../receipts/routes.ts'
import { payersOf } from '../quota/payers.ts'
import { openRetrieve, type OpenRetrieve } from '../retrieve/open.ts'
import type { Whoami } from '../owner/operations.ts'
import { declaredHosts, frontDoorHosts, ownHosts } from './own-hosts.ts'
import type { RateLimiters } from './rate-limits.ts'
import { nodeClock, nodeRandom, nodeTimer } from '../runtime.ts'

/** What the read side is opened with. */
export interface ReadSideOptions {
  readonly settings: Settings
  readonly whoami: Whoami
  /** The process's slot: it names its journal. */
  readonly slot: string
  readonly observer: Observer
  readonly limiters: RateLimiters
  readonly quotas: Quotas | undefined
  /** The journal can't write what it admitted: the process must stop. */
  readonly onJournalFailure: (error: JournalFailed) => void
}

/** A process that can serve. */
export interface ReadSide {
  readonly gateway: Gateway
  /** What may be asked of the process. */
  readonly limits: RequestLimits
  readonly journal: NodeJournal
  /** Makes the entries of all that has ended durable. */
  flush(): Promise<void>
  /** Closes files and connections; the journal is left clean. */
  close(): Promise<void>
}

/** Opens everything that serving reads from, and the process's journal. */
export async function openReadSide(options: ReadSideOptions): Promise<Result<ReadSide, Error>> {
  const { settings, observer } = options
  const folder = await openFolderReader(settings.data, { hasher: nodeHasher })
  if (folder.error) return folder
  const journal = await openOwnJournal(options)
  if (journal.error) {
    await folder.ok.close()
    return fail(journal.error)
  }
  const origins = openOrigins({
    clock: nodeClock,
    stores: settings.origins,
    trusts: ownSites(folder.ok.catalog),
    allowPrivate: settings.allowPrivateOrigins,
  })
  const { catalog } = folder.ok
  const names = openNames({ settings, catalog, clock: nodeClock })
  const onFault = (error: unknown): void => observer.crash(error)
  const denied = await followDenylists(catalog, onFault)
  const identity = identityOf(settings.identity, options.whoami)
  const dids = openResolver({ settings, identity, clock: nodeClock })
  const known = { catalog, identity, resolver: dids.resolver }
  const retrieve = await openOwnRetrieve(settings, known)
  const locators = openOwnLocators(options, { ...known, retrieve })
  const refusals = openRefusals(options, journal.ok)
  const fetching = openFetchCaps({ settings, catalog, clock: nodeClock, onFault })
  const content = composeGateway(options, {
    folder: folder.ok,
    journal: journal.ok,
    refusals,
    fetchCaps: fetching.caps,
    retrieve,
    origins,
    locators,
    names,
    denylist: denied.denylist,
    identity,
    resolver: dids.resolver,
  })
  const published = withRoutes(content, {
    routes: receiptsOf(options, retrieve),
    hosts: hostSettings(declaredHosts(settings), settings.subdomainHosts),
    observer,
  })
  const gateway = withRoutes(published, {
    routes: routesOf(options, { folder: folder.ok, identity, resolver: dids.resolver }),
    hosts: hostSettings(frontDoorHosts(settings), settings.subdomainHosts),
    observer,
  })
  const flush = (): Promise<void> => {
    refusals.flush()
    return journal.ok.flush()
  }
  const close = async (): Promise<void> => {
    refusals.close()
    await journal.ok.close()
    await fetching.close()
    origins.close()
    locators.close()
    names.close()
    denied.close()
    dids.close()
    await folder.ok.close()
  }
  const limits = requestLimits(options, refusals)
  return ok({ gateway, limits, journal: journal.ok, flush, close })
}

/** All that is known here of where content lies. */
function ownIndex(catalog: FolderReader['catalog'], trust: ClaimTrust): ContentIndex {
  const claimed = new ClaimedIndex(catalog, { clock: nodeClock, trust })
  return new KnownIndex(new CatalogIndex(catalog), claimed)
}

/** What is known of others before they are asked anything. */
interface Known extends Pick<GatewayParts, 'identity' | 'resolver'> {
  readonly catalog: FolderReader['catalog']
}

function openOwnRetrieve(settings: Settings, known: Known): Promise<OpenRetrieve | undefined> {
  const { keys } = folderPaths(settings.data)
  const { attesters } = trustIn(settings, known)
  return openRetrieve({ ...known, attesters, keys, clock: nodeClock, random: nodeRandom })
}

function openOwnLocators(
  { settings, observer }: ReadSideOptions,
  { catalog, identity, resolver, retrieve }: Known & Pick<GatewayParts, 'retrieve'>,
): OpenLocators {
  return openLocators({
    settings,
    invoker: retrieve?.invoker,
    own: ownIndex(catalog, { gateways: identity.dids, issuers: settings.claimIssuers }),
    operator: identity.did,
    gateways: identity.dids,
    checks: new SignatureChecks(nodeVerifier, resolver),
    revocations: new CatalogDelegations(catalog),
    clock: nodeClock,
    random: nodeRandom,
    onFault: (fault) => observer.originFault(asOriginFault(fault)),
  })
}

function openOwnJournal({
  settings,
  slot,
  onJournalFailure,
}: ReadSideOptions): ReturnType<typeof openJournal> {
  return openJournal({
    folder: join(accountingPaths(settings.data).journals, slot),
    onFailure: onJournalFailure,
    fileBytes: settings.journalFileBytes,
    reserveBytes: settings.journalReserveBytes,
  })
}

function requestLimits(
  { settings: { requestsMax }, limiters: { addresses } }: ReadSideOptions,
  refusals: Refusals,
): RequestLimits {
  return new RequestLimits({ refusals, requestsMax, addresses })
}

/** Addresses that are not content. */
function routesOf(
  { settings, observer }: ReadSideOptions,
  { folder, identity, resolver }: Pick<GatewayParts, 'folder' | 'identity' | 'resolver'>,
): readonly Route[] {
  const { data: dataDir, frontDoor } = settings
  const { catalog, blobs } = folder
  const processes = Math.max(1, settings.workers)
  const door = { dataDir, catalog, identity, observer, processes }
  const open = frontDoor ? frontDoorRoutes(door) : []
  const claims = claimRoutes({
    claims: new CatalogClaims(catalog, nodeClock),
    indexes: new CatalogIndexes({ catalog, blobs, clock: nodeClock }),
    authorizer: authorizerOf(settings, { folder, identity, resolver }),
    hasher: nodeHasher,
  })
  const handover = batchRoutes({
    dataDir,
    observer,
    processes,
    audiences: [identity.did, identity.keys[0]!],
    sources: settings.handFrom,
  })
  return [...identityRoutes(identity), ...open, ...claims, ...handover]
}

/** Addresses of receipts, which are on fewer hosts. */
function receiptsOf(
  { settings: { data: dataDir, workers, handTo }, observer }: ReadSideOptions,
  retrieve: GatewayParts['retrieve'],
): readonly Route[] {
  const common = { dataDir, observer, processes: Math.max(1, workers), handTo }
  const receipts = receiptRoutes({ ...common, judge: retrieve?.judge })
  return [...receipts, ...ackRoutes({ ...common, clock: nodeClock })]
}

function authorizerOf(
  settings: Settings,
  { folder, identity, resolver }: Pick<GatewayParts, 'folder' | 'identity' | 'resolver'>,
): Authorizer {
  return catalogAuthorizer(folder.catalog, nodeClock, trustIn(settings, { identity, resolver }))
}

/** Whom a deployment believes in delegations. */
function trustIn(
  { attestAuthorities }: Settings,
  { identity, resolver }: Pick<GatewayParts, 'identity' | 'resolver'>,
): Required<Trust> {
  return {
    gateways: identity.dids,
    resolver,
    attesters: [...identity.dids, ...attestAuthorities],
  }
}

function hostsOf(settings: Settings): HostSettings {
  return hostSettings(ownHosts(settings), settings.subdomainHosts)
}

interface GatewayParts {
  readonly folder: FolderReader
  readonly journal: NodeJournal
  readonly refusals: Refusals
  readonly fetchCaps: FetchCaps | undefined
  readonly retrieve: OpenRetrieve | undefined
  readonly origins: OpenOrigins
  readonly locators: OpenLocators
  readonly names: ReturnType<typeof openNames>
  readonly denylist: Denylist
  readonly identity: GatewayIdentity
  readonly resolver: DidResolver
}

function composeGateway(
  { settings, observer, limiters, quotas }: ReadSideOptions,
  {
    folder,
    journal,
    refusals,
    fetchCaps,
    retrieve,
    origins,
    locators,
    names,
    denylist,
    identity,
    resolver,
  }: GatewayParts,
): Gateway {
  const { blobs } = folder
  const limiter = limiters.identities
  return createGateway({
    denylist,
    fetchCaps,
    retrievals: retrieve?.retrievals,
    quota: quotas && new PlanGate(payersOf(folder.catalog, settings.plans, nodeClock), quotas),
    identities: limiter && new Identities({ limiter, refusals, hasher: nodeHasher }),
    index: locators.index,
    authorizer: authorizerOf(settings, { folder, identity, resolver }),
    readers: [blobs, origins.reader, ...locators.readers],
    wholeBlobs: blobs,
    sites: orderSites({ clock: nodeClock, random: nodeRandom }),
    hasher: nodeHasher,
    clock: nodeClock,
    timer: nodeTimer,
    random: nodeRandom,
    journal,
    observer,
    provider: identity.did,
    region: settings.region,
    hosts: hostsOf(settings),
    hostSpaces: hostSpacesOf(settings.hostSpaces),
    trustless: trustlessSettings(settings.trustlessHosts, settings.trustlessOnly),
    responseBytesMax: settings.responseBytesMax,
    sharedCaching: { cdnCache: settings.cdnCache, cacheTags: settings.cacheTags },
    names: names.resolver,
    nameRecords: names.records,
    blockCacheBytesMax: settings.blockCacheBytes,
    readAheadBytesMax: settings.readAheadBytes,
    answerCacheBytesMax: settings.answerCacheBytes,
    retrievalTimeoutMs: settings.retrievalTimeoutMs,
  })
}

function openRefusals(
  { settings, whoami, observer }: ReadSideOptions,
  journal: NodeJournal,
): Refusals {
  return new Refusals({
    journal,
    observer,
    clock: nodeClock,
    timer: nodeTimer,
    random: nodeRandom,
    hasher: nodeHasher,
    provider: identityOf(settings.identity, whoami).did,
    region: settings.region,
  })
}
