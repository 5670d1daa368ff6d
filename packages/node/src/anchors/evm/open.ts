/**
 * The anchor named `evm`, whose libraries are loaded with its first call: most deployments have
 * none.
 * @module
 */
import { EVM_EPOCHS_MAX } from '@turnpike/core/limits/evm'
import type { Anchor } from '@turnpike/core/ports/anchor'
import type { EvmAnchor, EvmAnchorOptions } from './anchor.ts'

/**
 * The anchor of a data folder. Nothing is opened or asked before the first call.
 *
 * @example
 * const anchor = evmAnchor({ dataDir: './data', rpc: 'http://127.0.0.1:8545', feeMax: 10n ** 11n })
 */
export function evmAnchor(options: EvmAnchorOptions): Anchor {
  let opening: Promise<EvmAnchor> | undefined
  const open = (): Promise<EvmAnchor> =>
    (opening ??= import('./anchor.ts').then((anchor) => new anchor.EvmAnchor(options)))
  return {
    name: 'evm',
    epochsMax: EVM_EPOCHS_MAX,
    check: async (...asked) => (await open()).check(...asked),
    prepare: async (...asked) => (await open()).prepare(...asked),
    submit: async (intent) => (await open()).submit(intent),
    standing: async (...asked) => (await open()).standing(...asked),
  }
}
