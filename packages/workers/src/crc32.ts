/**
 * CRC-32 of zlib, for frames: workerd has `node:zlib`, but a bundle may import `node:crypto` alone.
 * @module
 */
import type { Crc32 } from '@turnpike/core/log/frame'

const POLYNOMIAL = 0xedb88320

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1
  return sum
})

/**
 * CRC-32, continued from `seed`.
 *
 * @example
 * crc32(new TextEncoder().encode('123456789')) // 0xcbf43926
 */
export const crc32: Crc32 = (bytes, seed = 0) => {
  let sum = ~seed
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}
