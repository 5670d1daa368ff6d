/**
 * Why a block can't be had.
 * @module
 */
import type { FetchCapReached } from '../admission/fetch-caps.ts'
import type { ContentDenied } from '../deny/guard.ts'
import type { MalformedBlock } from '@turnpike/core/malformed'
import type { OriginFault } from '@turnpike/core/ports/blob'

/** The space that pays for this read does not hold the block. */
export class BlockMissing extends Error {
  override readonly name = 'BlockMissing'
  readonly cid: string
  constructor(cid: string) {
    super(`block ${cid} expected in the space, is not there`)
    this.cid = cid
  }
}

/** The block is larger than what is buffered to be verified at once. */
export class BlockTooLarge extends Error {
  override readonly name = 'BlockTooLarge'
  readonly sizeBytes: number
  constructor(sizeBytes: number, sizeBytesMax: number) {
    super(`block expected <= ${sizeBytesMax} bytes, got ${sizeBytes}`)
    this.sizeBytes = sizeBytes
  }
}

/** The block's hash function is not one that this runtime can check. */
export class UnknownHash extends Error {
  override readonly name = 'UnknownHash'
  readonly code: number
  constructor(code: number) {
    super(`hash function 0x${code.toString(16)} expected to be one that can be verified, is not`)
    this.code = code
  }
}

/**
 * The reader was closed, because its client left, before the block was there. Nobody hears of it.
 */
export class ReadClosed extends Error {
  override readonly name = 'ReadClosed'
  constructor() {
    super('block expected by a reader that is open, was closed')
  }
}

/** Every way in which getting a block can fail. */
export type BlockError =
  | BlockMissing
  | BlockTooLarge
  | UnknownHash
  | ReadClosed
  | ContentDenied
  | OriginFault
  | FetchCapReached
  | MalformedBlock
