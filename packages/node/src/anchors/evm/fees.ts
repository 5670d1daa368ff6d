/**
 * What a transaction offers for its gas, and how much more the one that replaces it has to.
 * Source: EIP-1559.
 * @module
 */
import { EVM_FEE_BUMP_PERCENT } from '@turnpike/core/limits/evm'

/** What a transaction offers: wei for each unit of gas. */
export interface EvmFees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** What the chain asks for now. */
export interface FeeMarket {
  readonly baseFeePerGas: bigint
  /** What others add to get in soon. */
  readonly tipPerGas: bigint
}

/**
 * What to offer: room for the base fee to double, which takes it six full blocks.
 *
 * @param before what the transaction offers that is replaced: both of its fees have to go up
 * @param feeMax most that may be paid for a unit of gas
 * @returns undefined when that is too little, for now
 * @example
 * feesFor({ baseFeePerGas: 10n, tipPerGas: 1n }, { feeMax: 15n }) // 15n and 1n
 */
export function feesFor(
  { baseFeePerGas, tipPerGas }: FeeMarket,
  { before, feeMax }: { readonly before?: EvmFees | undefined; readonly feeMax: bigint },
): EvmFees | undefined {
  const tipMin = before === undefined ? 0n : bumped(before.maxPriorityFeePerGas)
  const feeMin = before === undefined ? 0n : bumped(before.maxFeePerGas)
  const tip = larger(tipPerGas, tipMin)
  const fee = smaller(larger(2n * baseFeePerGas + tip, feeMin), feeMax)
  return fee < baseFeePerGas || fee < feeMin || fee < tip
    ? undefined
    : { maxFeePerGas: fee, maxPriorityFeePerGas: tip }
}

/** Nodes pass on a replacement when it offers a tenth more; some ask for an eighth. */
function bumped(fee: bigint): bigint {
  return fee + (fee * EVM_FEE_BUMP_PERCENT) / 100n + 1n
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
