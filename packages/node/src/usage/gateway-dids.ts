/**
 * Who the gateway of a data folder is, for parts that only have the folder.
 * @module
 */
import type { AccountingParts } from '../accounting/parts.ts'
import type { Settings } from '../config/settings.ts'
import { findKey } from '../folder/keys.ts'
import { folderPaths } from '../folder/layout.ts'
import { identityOf } from '../identity/identity.ts'
import { ClosedBooks } from '../statements/closed.ts'

/** DIDs of the operator. */
export interface OperatorDids {
  /** That of the gateway now; empty for a folder that has no key. */
  readonly gateway: string
  /** All that the operator has, or had: what is read on their account is billed to nobody. */
  readonly operators: ReadonlySet<string>
}

/**
 * DIDs of the operator: those of the gateway, and of the hosts whose journals are counted here. On
 * a host's own account is what it serves that belongs to no space.
 *
 * @throws {KeyDamaged} when a file is not a key
 * @example
 * const { gateway, operators } = await operatorDids(parts)
 */
export async function operatorDids({
  dataDir,
  settings,
  billing,
}: Pick<AccountingParts, 'dataDir' | 'settings' | 'billing'>): Promise<OperatorDids> {
  const dids = await gatewayDids(dataDir, settings)
  const operators = new ClosedBooks(billing).operators([...dids, ...settings.handFrom])
  return { gateway: dids[0] ?? '', operators }
}

/**
 * All DIDs by which a gateway was called, the one that it has now first. Empty for a folder that
 * has no key: nobody ever served from it.
 *
 * @throws {KeyDamaged} when a file is not a key
 */
async function gatewayDids(
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
