/**
 * What hashing costs by itself: the same function, over blocks of the same size, in a process of
 * its own.
 * @module
 */
import { hash } from 'node:crypto'
import { Content } from '../content.ts'
import { answerParent, usage } from './side-channel.ts'

/** More than the caches of the processor hold, as blocks from a disk are. */
const SOURCE_BYTES = 64 * 1024 * 1024

/** What is to be hashed. */
export interface HashWork {
  readonly blockBytes: number
  readonly totalBytes: number
}

let source: Uint8Array | undefined

answerParent(
  {},
  {
    /** CPU time in ms for hashing `totalBytes` in blocks of `blockBytes`. */
    hash({ blockBytes, totalBytes }: HashWork): number {
      source ??= new Content(9).read(0, SOURCE_BYTES)
      const blocks = Math.floor(SOURCE_BYTES / blockBytes)
      for (let i = 0; i < 16; i++) hash('sha256', source.subarray(0, blockBytes), 'buffer')
      const before = usage().cpuMs
      for (let at = 0, i = 0; at < totalBytes; at += blockBytes, i++) {
        const offset = (i % blocks) * blockBytes
        const bytes = Math.min(blockBytes, totalBytes - at)
        hash('sha256', source.subarray(offset, offset + bytes), 'buffer')
      }
      return usage().cpuMs - before
    },
  },
)
