/**
 * How many entries of a journal are durable, for readers in other processes.
 *
 * Written after each fdatasync and never synced itself: after a power loss it may be old, which
 * readers bear, but it can't be ahead of the entries. Whoever stays below it never sees an entry
 * that a crash takes back.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { DiskFile } from './disk.ts'

const BYTES = 12
const TRIES_MAX = 3

/** Says that entries before `entry` are durable. */
export function writeWatermark(file: DiskFile, entry: number): Promise<void> {
  const bytes = new Uint8Array(BYTES)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(entry))
  view.setUint32(8, crc32(bytes.subarray(0, 8)))
  return file.write(bytes, 0)
}

/**
 * Number of entries that are durable for certain: 0 when the file is missing or broken.
 *
 * @example
 * const entries = await readWatermark('/data/journal/0/durable')
 */
export async function readWatermark(path: string): Promise<number> {
  // A read beside a write may see halves of both: then the next one won't.
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    if (bytes === undefined) return 0
    if (bytes.length < BYTES) continue
    if (crc32(bytes.subarray(0, 8)) === bytes.readUInt32BE(8))
      return Number(bytes.readBigUInt64BE(0))
  }
  return 0
}
