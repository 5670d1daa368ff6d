/**
 * What is stored before a transaction is sent: the transaction itself, and all that may have been
 * sent in its place.
 * @module
 */
import { EVM_REPLACEMENTS_MAX } from '@turnpike/core/limits/evm'
import type { Hex } from 'viem'
import type { EvmFees } from './fees.ts'

/** A signed transaction. */
export interface SignedAnchor {
  readonly raw: Hex
  readonly nonce: number
  readonly fees: EvmFees
}

/** An intent of this anchor. */
export interface EvmIntent {
  /** For which log, as the contract calls it, in which contract of which chain. */
  readonly log: Hex
  readonly contract: Hex
  readonly chainId: number
  /** Block that was the newest when it was made, and that block's time in seconds. */
  readonly block: bigint
  readonly time: bigint
  /** Absent when there was nothing to send: somebody had anchored the same. */
  readonly signed?: SignedAnchor
  /** Hashes of it and of those it replaces, newest first. */
  readonly transactions: readonly Hex[]
}

const utf8 = new TextEncoder()

/** An intent as bytes: JSON, in which large numbers are decimal text. */
export function encodeIntent(intent: EvmIntent): Uint8Array {
  const plain = { ...intent, transactions: intent.transactions.slice(0, EVM_REPLACEMENTS_MAX) }
  const replacer = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' ? String(value) : value
  return utf8.encode(JSON.stringify(plain, replacer))
}

/**
 * An intent that {@link encodeIntent} wrote.
 *
 * @throws {TypeError} when it is none
 */
export function decodeIntent(bytes: Uint8Array): EvmIntent {
  try {
    const plain = JSON.parse(new TextDecoder().decode(bytes)) as Plain<EvmIntent>
    const { signed, ...rest } = plain
    const base = { ...rest, block: BigInt(plain.block), time: BigInt(plain.time) }
    if (signed === undefined) return base
    const fees = {
      maxFeePerGas: BigInt(signed.fees.maxFeePerGas),
      maxPriorityFeePerGas: BigInt(signed.fees.maxPriorityFeePerGas),
    }
    return { ...base, signed: { ...signed, fees } }
  } catch (cause) {
    throw new TypeError('"bytes" expected an intent of the evm anchor', { cause })
  }
}

/** A value as JSON has it. */
type Plain<T> = T extends bigint
  ? string
  : T extends Hex | number
    ? T
    : T extends readonly (infer E)[]
      ? readonly Plain<E>[]
      : { readonly [K in keyof T]: Plain<T[K]> }
