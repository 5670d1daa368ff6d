/**
 * Writes content into a bucket in the form that the Worker reads.
 * @module
 */
import { concatBytes } from '@turnpike/core/bytes'
import { WORKER_MANIFEST_BYTES_MAX } from '@turnpike/core/limits/workers'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Publication } from '@turnpike/core/publication'
import { encodeTable } from '../block-table.ts'
import type { DeploymentJson, ManifestJson } from '../deployment.ts'
import { DEPLOYMENT_KEY, blobKey, hexOf, indexKeys, recordKey } from '../keys.ts'

/** A bucket, write side. A put is whole or not at all. */
export interface WritableBucket {
  put(key: string, bytes: Uint8Array): Promise<unknown>
}

/** What a publication is written with. */
export interface PublishOptions {
  readonly bucket: WritableBucket
  readonly hasher: Hasher
  /** Bytes of a blob of the deployment's own store; undefined when the bucket has it already. */
  readonly read: (multihash: Uint8Array) => Promise<Uint8Array | undefined>
}

const utf8 = new TextEncoder()

/**
 * Publishes: blobs first, then the index under a new name, and last the one object that puts it in
 * force. Whoever stops in between has published nothing, and may begin again.
 *
 * @throws {RangeError} when the manifest would be larger than the Worker reads
 * @example
 * await publish(publication, { bucket, hasher, read: (multihash) => readBlob(multihash) })
 */
export async function publish(publication: Publication, options: PublishOptions): Promise<void> {
  const { bucket, hasher } = options
  for (const { multihash, local } of publication.blobs) {
    const bytes = local ? await options.read(multihash) : undefined
    if (bytes !== undefined) await bucket.put(blobKey(multihash), bytes)
  }
  const { manifest, blocks } = encodeIndex(publication)
  const name = hexOf(hasher.sha256(concatBytes([manifest, hasher.sha256(blocks)])))
  const keys = indexKeys(name)
  await bucket.put(keys.blocks, blocks)
  await bucket.put(keys.manifest, manifest)
  await bucket.put(DEPLOYMENT_KEY, encodeDeployment(publication, name))
}

/**
 * Puts an IPNS record under its name, a multihash; it is in force at once. Whoever reads it checks
 * it.
 */
export async function publishRecord(
  bucket: WritableBucket,
  name: Uint8Array,
  record: Uint8Array,
): Promise<void> {
  await bucket.put(recordKey(name), record)
}

function encodeIndex(publication: Publication): { manifest: Uint8Array; blocks: Uint8Array } {
  const entries = publication.blobs.flatMap(({ slices }, blob) =>
    slices.map(({ multihash, offset, length }) => ({ multihash, blob, offset, length })),
  )
  const table = encodeTable(entries)
  const json: ManifestJson = {
    version: 1,
    blobs: publication.blobs.map(({ multihash, sizeBytes, local, sites, holders }) => ({
      multihash: hexOf(multihash),
      size: sizeBytes,
      local,
      sites,
      holders,
    })),
    pages: table.pages.map(({ first, offset, length }) => [hexOf(first), offset, length]),
  }
  const manifest = utf8.encode(JSON.stringify(json))
  if (manifest.length > WORKER_MANIFEST_BYTES_MAX)
    throw new RangeError(
      `manifest expected <= ${WORKER_MANIFEST_BYTES_MAX} bytes, got ${manifest.length}: ` +
        'publish fewer blobs to one bucket',
    )
  return { manifest, blocks: table.bytes }
}

function encodeDeployment({ grants }: Publication, index: string): Uint8Array {
  const json: DeploymentJson = {
    version: 1,
    index,
    grants: grants.map(({ space, startsMs, expiresMs }) => ({
      space,
      startsMs: startsMs ?? null,
      expiresMs: expiresMs ?? null,
    })),
  }
  return utf8.encode(JSON.stringify(json))
}
