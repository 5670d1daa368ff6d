/**
 * Who the gateway of a data folder is, for parts that only have the folder.
 * @module
 */
import type { Settings } from '../config/settings.ts'
import { findKey } from '../folder/keys.ts'
import { folderPaths } from '../folder/layout.ts'
import { identityOf } from '../identity/identity.ts'

/**
 * All DIDs by which a gateway was called, the one that it has now first. Empty for a folder that
 * has no key: nobody ever served from it.
 *
 * @throws {KeyDamaged} when a file is not a key
 * @example
 * const [gateway] = await gatewayDids('./data', settings)
 */
export async function gatewayDids(
  dataDir: string,
  settings: Pick<Settings, 'identity'>,
): Promise<readonly string[]> {
  const { keys } = folderPaths(dataDir)
  const gateway = await findKey(keys, 'gateway')
  if (gateway === undefined) return []
  const before = await findKey(keys, 'gateway.previous')
  const previous = before === undefined ? [] : [before.did()]
  return identityOf(settings.identity, { gateway: gateway.did(), previous }).dids
}
