/**
 * For tests: a bucket that writes down what it was asked and fails as it is told.
 * @module
 */
import type { Bucket, BucketObject } from '../platform.ts'
import type { WritableBucket } from '../publish/publish.ts'

/** A bucket, both sides. */
export interface TestBucketBinding extends Bucket, WritableBucket {}

/** What goes wrong with gets of blobs. */
export interface Faults {
  /** Gets of ranges that begin from here, and before there, fail. */
  readonly failFrom?: number
  readonly failBefore?: number
  /** Milliseconds that a get takes. */
  readonly delayMs?: number
}

/** A real bucket behind counters and faults. */
export class TestBucket implements Bucket {
  readonly gets: string[] = []
  faults: Faults = {}
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async get(key: string, options?: Parameters<Bucket['get']>[1]): Promise<BucketObject | null> {
    this.gets.push(`${key} ${options?.range?.offset ?? ''}`)
    const { failFrom = Infinity, failBefore = Infinity, delayMs = 0 } = this.faults
    const offset = options?.range?.offset ?? 0
    if (key.startsWith('blobs/')) {
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
      if (offset >= failFrom && offset < failBefore) throw new Error('get: internal error (10001)')
    }
    return this.#bucket.get(key, options)
  }
}
