/**
 * What an amount of money buys at prices with tiers.
 * @module
 */
import { GIB_BYTES } from './money.ts'
import type { MeterTerms } from './plan.ts'

/**
 * Bytes of overage, from the first on, that cost no more than `micros`, each tier's part rounded
 * down; undefined when it ends nowhere, because what comes last costs nothing.
 *
 * @example
 * affordableBytes({ includedBytes: 0n, tiers: [], overageMicrosPerGib: 50_000n }, 100_000n)
 * // 2n * 1024n ** 3n
 */
export function affordableBytes(terms: MeterTerms, micros: bigint): bigint | undefined {
  let left = micros < 0n ? 0n : micros
  let bytes = 0n
  for (const { upToBytes, microsPerGib } of terms.tiers) {
    const size = upToBytes - bytes
    const cost = ceilDivide(size * microsPerGib, GIB_BYTES)
    if (cost > left) return bytes + (left * GIB_BYTES) / microsPerGib
    left -= cost
    bytes = upToBytes
  }
  const price = terms.overageMicrosPerGib
  return price === 0n ? undefined : bytes + (left * GIB_BYTES) / price
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}
