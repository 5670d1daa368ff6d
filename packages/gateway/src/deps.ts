/**
 * What the gateway is composed of.
 * @module
 */
import type { Identities } from './admission/identities.ts'
import type { SharedCaching } from './caching.ts'
import type { Clock, Hasher, Random, Timer } from '@turnpike/core/ports/runtime'
import type { Authorizer, SpaceDid } from '@turnpike/core/ports/content'
import type { Denylist } from '@turnpike/core/ports/deny'
import type { BlockDeps } from './blocks/engine.ts'
import type { HostSettings } from './hosts/settings.ts'
import type { TrustlessSettings } from './trustless.ts'
import type { Retrievals } from './retrievals.ts'
import type { Journal } from '@turnpike/core/ports/journal'
import type { NameRecords, NameResolver } from '@turnpike/core/ports/names'
import type { QuotaGate } from '@turnpike/core/ports/quota'

/** Ports and settings of a gateway. */
export interface GatewayDeps extends BlockDeps {
  readonly authorizer: Authorizer
  readonly journal: Journal
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly hasher: Hasher
  /** DID of this gateway: it delivers, and it pays for what no space owns. */
  readonly provider: SpaceDid
  readonly region: string
  readonly hosts: HostSettings
  /**
   * Spaces that hosts of ours, or DNSLink names, serve alone: what several name, none does. Hosts
   * in lower case; none unless told.
   */
  readonly hostSpaces?: ReadonlyMap<string, readonly SpaceDid[]>
  /** Leads from names to content; without one, names are not served. */
  readonly names?: NameResolver
  /** IPNS records as they are; without it, none are handed on. */
  readonly nameRecords?: NameRecords
  /** What is served to nobody; without one, nothing is denied. */
  readonly denylist?: Denylist
  /** Hosts that answer only what a client can verify; none unless told. */
  readonly trustless?: TrustlessSettings
  /** Largest content that is deserialized; any unless told. */
  readonly responseBytesMax?: number | undefined
  /** How often one reader may come; as often as it likes unless told. */
  readonly identities?: Identities | undefined
  /** Whether the plan of who pays lets a read be sent; every plan does unless told. */
  readonly quota?: QuotaGate | undefined
  /** Blobs for who signs for them; without it, signatures don't count. */
  readonly retrievals?: Retrievals | undefined
  readonly answerCacheBytesMax: number
  /** What shared caches in front may keep; as much as browsers unless told. */
  readonly sharedCaching?: SharedCaching
  /** Wait for the first byte and for each next one; `RETRIEVAL_TIMEOUT_MS` unless told. */
  readonly retrievalTimeoutMs?: number
  /** Bytes of decoded nodes that are kept; `NODE_CACHE_BYTES_MAX` unless told. */
  readonly nodeCacheBytesMax?: number
}
