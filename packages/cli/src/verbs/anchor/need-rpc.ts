/**
 * What verbs about anchors are given.
 * @module
 */
import { UsageRefused, type Invocation } from '../../verb.ts'
import { needFolder } from '../../need-folder.ts'

/** An address of the EVM: 0x and 40 hex digits. */
export type Address = `0x${string}`

/**
 * Whose anchor it is, and through which node.
 *
 * @throws {FolderMissing} when there is no data folder
 * @throws {UsageRefused} when no node is set
 */
export function needOperator({ loaded }: Pick<Invocation, 'loaded'>): {
  readonly dataDir: string
  readonly rpc: string
} {
  const { data: dataDir, evmRpc: rpc } = loaded.settings
  needFolder(dataDir)
  if (rpc === undefined)
    throw new UsageRefused('expected a node of the chain: give --evm-rpc, or set evmRpc')
  return { dataDir, rpc }
}

/**
 * An address.
 *
 * @throws {UsageRefused} when it is none
 */
export function needAddress(text: string): Address {
  if (/^0x[0-9a-f]{40}$/i.test(text)) return text as Address
  throw new UsageRefused(`expected an address, 0x and 40 hex digits, got "${text}"`)
}
