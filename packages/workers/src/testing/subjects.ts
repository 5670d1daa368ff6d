/**
 * For tests: this package's adapters as subjects of the contract suites, inside workerd.
 * @module
 */
import type { BlobReaderSubject } from '@turnpike/core/contract/blob-reader'
import type { ContentIndexSubject } from '@turnpike/core/contract/content-index'
import type { JournalSubject } from '@turnpike/core/contract/journal'
import { bytesEqual } from '@turnpike/core/bytes'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { BlobRef } from '@turnpike/core/ports/blob'
import type { PublishedBlob } from '@turnpike/core/publication'
import { PublishedIndex } from '../content-index.ts'
import { Deployment } from '../deployment.ts'
import { WorkerJournal } from '../journal.ts'
import { shardSource } from '../journal-source.ts'
import { blobKey } from '../keys.ts'
import { publish } from '../publish/publish.ts'
import { r2Reader } from '../r2-reader.ts'
import { workerClock, workerHasher } from '../runtime.ts'
import type { ObjectNamespace } from '../platform.ts'
import type { JournalObject } from './test-worker.ts'
import type { TestBucketBinding } from './test-bucket.ts'

const LOCAL = { url: 'local:', provider: '' }

/** R2 with one blob in it. */
export async function openBlobSubject(
  bucket: TestBucketBinding,
  content: Uint8Array,
): Promise<BlobReaderSubject> {
  const multihash = encodeMultihash(SHA2_256, workerHasher.sha256(content))
  await bucket.put(blobKey(multihash), content)
  const refOf = (hash: Uint8Array): BlobRef => {
    return { multihash: hash, key: blobKey(hash), size: undefined, sites: [LOCAL] }
  }
  const absent = encodeMultihash(SHA2_256, new Uint8Array(32))
  return {
    reader: r2Reader({ bucket, keepAlive: () => {} }),
    held: { blob: refOf(multihash), site: LOCAL },
    missing: { blob: refOf(absent), site: LOCAL },
    close: async () => {},
  }
}

/** An index that is published anew with each change. */
export async function openIndexSubject(bucket: TestBucketBinding): Promise<ContentIndexSubject> {
  const deployment = new Deployment({ bucket, clock: workerClock, ttlMs: 0 })
  let blobs: PublishedBlob[] = []
  let accepted = 0
  const write = (): Promise<void> =>
    publish({ blobs, grants: [] }, { bucket, hasher: workerHasher, read: async () => undefined })
  await write()
  return {
    index: new PublishedIndex(bucket, deployment),
    async put({ space, multihash, size, sites, slices }) {
      accepted++
      const old = blobs.find((blob) => bytesEqual(blob.multihash, multihash))
      const held = old?.holders.some((holder) => holder.space === space)
      const blob: PublishedBlob = {
        multihash,
        sizeBytes: size,
        local: sites.length === 0 || old?.local === true,
        sites: [...(old?.sites ?? []), ...sites],
        holders: [...(old?.holders ?? []), ...(held ? [] : [{ space, accepted }])],
        slices: [...(old?.slices ?? []), ...slices].filter(
          (slice, i, all) =>
            all.findIndex((one) => bytesEqual(one.multihash, slice.multihash)) === i,
        ),
      }
      blobs = old ? blobs.map((one) => (one === old ? blob : one)) : [...blobs, blob]
      await write()
    },
    async withdraw(space, multihash) {
      const old = blobs.find((blob) => bytesEqual(blob.multihash, multihash))!
      const holders = old.holders.filter((holder) => holder.space !== space)
      const left = { ...old, holders }
      blobs = blobs.map((one) => (one === old ? left : one))
      await write()
    },
    close: () => {},
  }
}

let shards = 0

/** A journal of a fresh object. Its reads are closed after `SILENCE_MS` of silence. */
export async function openJournalSubject(
  namespace: ObjectNamespace<JournalObject>,
  shard = `contract-${shards++}`,
): Promise<JournalSubject> {
  const stub = (): JournalObject => namespace.get(namespace.idFromName(shard))
  const sending = new Set<Promise<unknown>>()
  const journal = new WorkerJournal({
    stub,
    clock: workerClock,
    keepAlive: (work) => sending.add(work),
    onLost: (reason) => {
      throw new Error(`lost: ${reason}`)
    },
  })
  const source = shardSource(shard, stub)
  return {
    journal,
    source,
    flush: async () => void (await Promise.all(sending)),
    async crash() {
      // The mark under way is as durable as the last group when its answer has come.
      await new Promise((resolve) => setTimeout(resolve, 50))
      await Promise.resolve(stub().crash()).catch(() => {})
      const again = await openJournalSubject(namespace, shard)
      await silence(stub)
      return again
    },
    close: async () => {},
  }
}

/** Waits until reads that were open are closed for their silence. */
async function silence(stub: () => JournalObject): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await stub().openReads()).length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('reads expected to be closed for their silence')
}
