/**
 * Composes the index that asks others from settings.
 * @module
 */
import { readClaim } from '@turnpike/core/claims/read'
import type { ClaimTrust } from '@turnpike/core/claims/trust'
import { Places } from '@turnpike/core/locate/places'
import { originOf } from '@turnpike/core/origin/address'
import { OriginFault, type BlobReader } from '@turnpike/core/ports/blob'
import type { ContentIndex, LocatorFault, SpaceDid } from '@turnpike/core/ports/content'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import type { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { LocatorSettings } from '../config/locators.ts'
import { nodeHasher } from '../hasher.ts'
import { ClaimedReader, TrustlessReader } from '../origins/claimed-reader.ts'
import { HttpTransport } from '../origins/transport.ts'
import type { RetrievalInvoker } from '../retrieve/invoker.ts'
import { claimsService, indexingService } from './dialects.ts'
import type { CheckedClaim } from './inquiry.ts'
import { readLocated } from './read-located.ts'
import { RemoteIndex, type Tier } from './remote-index.ts'
import { router } from './router.ts'
import { Service, type Dialect } from './service.ts'

/** What locators are opened with. */
export interface LocatorsOptions {
  readonly settings: LocatorSettings & { readonly allowPrivateOrigins: boolean }
  /** What is known here; it is asked first. */
  readonly own: ContentIndex
  /** DID that pays for content of no space. */
  readonly operator: SpaceDid
  /** DIDs of this gateway. */
  readonly gateways: readonly string[]
  readonly checks: SignatureChecks
  /** Claims that their issuers took back are not used. */
  readonly revocations: Pick<DelegationStore, 'generation' | 'revoked'>
  readonly clock: Clock
  readonly random: Random
  /** Shows guarded origins what lets us fetch; without one, they are asked as others are. */
  readonly invoker?: RetrievalInvoker | undefined
  /** Hears of each service that failed a look-up. */
  readonly onFault?: (fault: LocatorFault) => void
}

/** Open locators. */
export interface OpenLocators {
  /** Our own index, and others behind it; ours alone where no others are named. */
  readonly index: ContentIndex
  /** What reads from addresses that others name. */
  readonly readers: readonly BlobReader[]
  close(): void
}

/**
 * Opens the services that the settings name: indexing services first, then claims services, then
 * routers.
 *
 * @example
 * const { index, readers, close } = openLocators({ settings, own: new CatalogIndex(catalog), … })
 */
export function openLocators(options: LocatorsOptions): OpenLocators {
  const { settings, own, operator, clock } = options
  const { indexingServices, claimsServices, routers } = settings
  const foreign = new HttpTransport({ allowPrivate: settings.allowPrivateOrigins })
  const reader = new ClaimedReader(foreign, { invoker: options.invoker, clock })
  // Claims that came to us name addresses, too.
  if ([indexingServices, claimsServices, routers].every(({ length }) => length === 0))
    return { index: own, readers: [reader], close: () => foreign.close() }
  // Services are the operator's choice, whatever their addresses; what they name is not.
  const services = new HttpTransport({ trusts: () => true })
  const trust: ClaimTrust = { gateways: options.gateways, issuers: settings.claimIssuers }
  const index = new RemoteIndex({
    own,
    tiers: tiersOf(options, services, foreign),
    places: new Places({ clock, trust }),
    clock,
    operator,
    servesLegacy: settings.legacyContent === 'serve',
    generation: () => options.revocations.generation(),
    ...(options.onFault && { onFault: options.onFault }),
    readClaim: claimReader(options),
    readBlob: (multihash, sites, signal) =>
      readLocated({ transport: foreign, reader }, multihash, sites, signal),
  })
  return {
    index,
    readers: [reader, new TrustlessReader(foreign)],
    close() {
      index.close()
      services.close()
      foreign.close()
    },
  }
}

function tiersOf(
  { settings, clock, random }: LocatorsOptions,
  transport: HttpTransport,
  foreign: HttpTransport,
): readonly Tier[] {
  const tier = (
    urls: readonly string[],
    timeoutMs: number,
    dialectOf: (url: string) => Dialect,
  ): Tier => ({
    services: urls.map((url) => new Service(originOf(url), dialectOf(url), { clock, random })),
    timeoutMs,
  })
  return [
    tier(settings.indexingServices, settings.indexingTimeoutMs, (url) =>
      indexingService(url, transport),
    ),
    tier(settings.claimsServices, settings.claimsTimeoutMs, (url) => claimsService(url, transport)),
    tier(settings.routers, settings.routersTimeoutMs, (url) =>
      router({ base: url, transport, foreign }),
    ),
  ]
}

/** A service's fault as that of an origin, for logs and metrics, which count them together. */
export function asOriginFault({ name, service, message }: LocatorFault): OriginFault {
  const like = name === 'LocatorTimeout' ? 'OriginTimeout' : 'OriginUnavailable'
  return new OriginFault(like, service, message)
}

/** Signature, time, and that its issuer has not taken it back. */
function claimReader({
  checks,
  clock,
  revocations,
}: LocatorsOptions): (archive: Uint8Array, signal: AbortSignal) => Promise<CheckedClaim> {
  return async (archive, signal) => {
    const read = { hasher: nodeHasher, checks, nowMs: clock.nowMs(), signal }
    const claim = await readClaim(archive, read)
    if (claim.error) return claim.error.fault === 'unresolved' ? 'unresolved' : undefined
    const { cid, issuer } = claim.ok
    const revoked = await revocations.revoked([cid])
    return revoked.some((one) => one.issuer === issuer) ? undefined : claim.ok
  }
}
