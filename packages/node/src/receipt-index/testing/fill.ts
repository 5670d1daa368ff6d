/**
 * Fills an index with reads that can be told apart, for tests; run as a process, until it is
 * killed: `node fill.ts FOLDER`.
 * @module
 */
import { nodeHasher } from '../../hasher.ts'
import { FileReceiptIndex } from '../file-index.ts'

const STEP = 4096
/** Far more than a child lives to add. */
const MANY = 100_000_000

/** Leaf hash of entry `n`. */
export function hashOf(n: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, n)
  return nodeHasher.sha256(bytes)
}

/** Public receipt id of entry `n`. */
export function idOf(n: number): Uint8Array {
  return hashOf(n).subarray(0, 16)
}

/** Adds entries up to `end`: every `each`th is a READ. */
export async function fill(index: FileReceiptIndex, end: number, each: number = 1): Promise<void> {
  for (let first = index.through; first < end; first += STEP) {
    const last = Math.min(end, first + STEP)
    const reads = []
    for (let n = first; n < last; n++)
      if (n % each === 0) reads.push({ receiptId: idOf(n), index: n })
    await index.add({ reads, end: last, tip: hashOf(last - 1) })
  }
}

if (import.meta.main) {
  const index = await FileReceiptIndex.open(process.argv[2]!)
  process.stdout.write('open\n')
  await fill(index, MANY, 40)
}
