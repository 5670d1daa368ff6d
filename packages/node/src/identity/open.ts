/**
 * DIDs as the settings have them.
 * @module
 */
import { DID_TIMEOUT_MS } from '@turnpike/core/limits/ucan'
import type { DidResolver } from '@turnpike/core/ports/principals'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Settings } from '../config/settings.ts'
import { HttpTransport } from '../origins/transport.ts'
import { type GatewayIdentity, knownKeys } from './identity.ts'
import { NodeDidResolver } from './resolver.ts'

/** What a resolver is opened with. */
export interface OpenResolverOptions {
  readonly settings: Pick<Settings, 'didMap' | 'allowPrivateOrigins'>
  readonly identity: GatewayIdentity
  readonly clock: Clock
}

/**
 * Opens a resolver. Nothing is asked of anybody before the first look-up.
 *
 * @example
 * const { resolver, close } = openResolver({ settings, identity, clock: nodeClock })
 */
export function openResolver({ settings, identity, clock }: OpenResolverOptions): {
  readonly resolver: DidResolver
  close(): void
} {
  const transport = new HttpTransport({
    allowPrivate: settings.allowPrivateOrigins,
    timeouts: { connectMs: DID_TIMEOUT_MS, firstByteMs: DID_TIMEOUT_MS },
  })
  const known = knownKeys(identity, settings.didMap)
  const resolver = new NodeDidResolver({ known, transport, clock })
  return { resolver, close: () => transport.close() }
}
