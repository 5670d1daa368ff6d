/**
 * Settings of the anchor on a chain of the EVM.
 * @module
 */
import { EVM_FEE_GWEI_DEFAULT, EVM_FEE_GWEI_MAX } from '@turnpike/core/limits/evm'
import { httpUrl, integer } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of the anchor `evm`. */
export interface EvmSettings {
  readonly evmRpc: string | undefined
  readonly evmFeeGweiMax: number
}

/** Their part of the table of settings. */
export const EVM: { readonly [K in keyof EvmSettings]: Setting<EvmSettings[K]> } = {
  evmRpc: {
    kind: httpUrl,
    default: undefined,
    doc:
      'Address of a node of the chain where the anchor `evm` puts epochs: JSON-RPC over HTTP. ' +
      'Where the log is anchored there, `turnpike anchor register` writes down.',
    secret: true,
  },
  evmFeeGweiMax: {
    kind: integer(1, EVM_FEE_GWEI_MAX),
    default: EVM_FEE_GWEI_DEFAULT,
    doc:
      'Most that the anchor `evm` pays for a unit of gas, in gwei. When the chain asks for more, ' +
      'epochs wait.',
  },
}
