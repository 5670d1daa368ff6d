/**
 * Who this gateway is when it hands journals on, or takes them: its key and names, and how the
 * signatures of others are checked.
 * @module
 */
import type { BatchSigner } from '@turnpike/core/handover/batch'
import type { Signatures } from '@turnpike/core/handover/signed-by'
import { nodeClock } from '../runtime.ts'
import type { Settings } from '../config/settings.ts'
import { findKey } from '../folder/keys.ts'
import { folderPaths } from '../folder/layout.ts'
import { identityOf } from '../identity/identity.ts'
import { openResolver } from '../identity/open.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { openSigner } from '../retrieve/signer.ts'

/** Keys of one side. */
export interface HandoverKeys {
  /** The DID that the gateway has, and its key's. The key signs for both. */
  readonly dids: readonly [did: string, key: string]
  readonly signer: BatchSigner
  readonly signatures: Signatures
  close(): void
}

/** The data folder has no key yet: nobody ever served from it. */
export class NoGatewayKey extends Error {
  override readonly name = 'NoGatewayKey'
}

/**
 * Opens the keys of a data folder's gateway.
 *
 * @throws {NoGatewayKey} when it has none
 * @throws {KeyDamaged} when a file is not a key
 * @example
 * const keys = await openHandoverKeys('./data', settings)
 */
export async function openHandoverKeys(dataDir: string, settings: Settings): Promise<HandoverKeys> {
  const { keys } = folderPaths(dataDir)
  const gateway = await findKey(keys, 'gateway')
  const signAs = await openSigner(keys)
  if (gateway === undefined || signAs === undefined)
    throw new NoGatewayKey(`${keys} expected the gateway's key: start \`turnpike serve\` once`)
  const previous = await findKey(keys, 'gateway.previous')
  const identity = identityOf(settings.identity, {
    gateway: gateway.did(),
    previous: previous === undefined ? [] : [previous.did()],
  })
  const { resolver, close } = openResolver({ settings, identity, clock: nodeClock })
  return {
    dids: [identity.did, gateway.did()],
    signer: signAs(identity.did),
    signatures: { verifier: nodeVerifier, resolver },
    close,
  }
}
