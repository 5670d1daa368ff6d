/**
 * The blocks of a small CAR, every one of them checked.
 * @module
 */
import { bytesEqual, keyOf, type BytesKey } from '../bytes.ts'
import { linkToBytes, type Link } from '../link.ts'
import { decodeMultihash, IDENTITY } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { CarMalformed, decodeCar } from './decode.ts'

/** A CAR in memory whose blocks match their hashes. */
export interface VerifiedCar {
  readonly roots: readonly Link[]
  /** Blocks by their binary CIDs, in the CAR's order: views of it. */
  readonly blocks: ReadonlyMap<BytesKey, Uint8Array>
}

/**
 * Reads a CAR whole and hashes each block. One that does not match, or whose hash function is not
 * known here, makes all of it malformed.
 *
 * @example
 * const car = readVerifiedCar(bytes, nodeHasher, 4096)
 */
export function readVerifiedCar(
  bytes: Uint8Array,
  hasher: Hasher,
  blocksMax: number,
): Result<VerifiedCar, CarMalformed> {
  const car = decodeCar(bytes, { blockBytesMax: bytes.length })
  if (car.error) return car
  const { header, frames } = car.ok
  if (frames.length > blocksMax)
    return fail(new CarMalformed(0, `<= ${blocksMax} blocks`, `${frames.length}`))
  const blocks = new Map<BytesKey, Uint8Array>()
  for (const frame of frames) {
    if (!isHashOf(frame.link, frame.bytes, hasher))
      return fail(new CarMalformed(frame.offset, 'a block that matches its CID', 'another'))
    blocks.set(keyOf(linkToBytes(frame.link)), frame.bytes)
  }
  return ok({ roots: header.roots, blocks })
}

function isHashOf({ multihash }: Link, bytes: Uint8Array, hasher: Hasher): boolean {
  const hash = decodeMultihash(multihash)
  if (hash === undefined) return false
  const digest = hash.code === IDENTITY ? bytes : hasher.digest(hash.code, bytes)
  return digest !== undefined && bytesEqual(digest, hash.digest)
}
