/**
 * What the gateway is composed of.
 * @module
 */
import type { Clock, Hasher, Random } from '@turnpike/core/ports/runtime'
import type { Authorizer, SpaceDid } from '@turnpike/core/ports/content'
import type { BlockDeps } from './blocks/engine.ts'
import type { Journal } from '@turnpike/core/ports/journal'

/** Ports and settings of a gateway. */
export interface GatewayDeps extends BlockDeps {
  readonly authorizer: Authorizer
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly hasher: Hasher
  /** DID of this gateway: it delivers, and it pays for what no space owns. */
  readonly provider: SpaceDid
  readonly region: string
  /** Hosts that are named in the log; a read by any other host has an empty domain. */
  readonly hosts: ReadonlySet<string>
  readonly answerCacheBytesMax: number
  /** Bytes of decoded nodes that are kept; `NODE_CACHE_BYTES_MAX` unless told. */
  readonly nodeCacheBytesMax?: number
}
