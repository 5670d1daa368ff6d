/**
 * What a Worker serves: one object that says which index is in force and which spaces may be
 * served, and that index's manifest. R2 is strongly consistent, so a change is in force as soon as
 * the object is read anew.
 * @module
 */
import { WORKER_DEPLOYMENT_TTL_MS, WORKER_MANIFEST_BYTES_MAX } from '@turnpike/core/limits/workers'
import { OriginFault, type BlobRef, type BlobSite } from '@turnpike/core/ports/blob'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Grant, Holder } from '@turnpike/core/publication'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { TablePage } from './block-table.ts'
import { DEPLOYMENT_KEY, bytesOfHex, indexKeys } from './keys.ts'
import type { Bucket, BucketObject } from './platform.ts'

/** `deployment.json`. Absent times are null, since JSON has no undefined. */
export interface DeploymentJson {
  readonly version: 1
  /** Name of the index in force: 64 hex digits. */
  readonly index: string
  readonly grants: readonly {
    readonly space: SpaceDid
    readonly startsMs: number | null
    readonly expiresMs: number | null
  }[]
}

/** `manifest.json` of an index: its blobs, and the pages of its table. */
export interface ManifestJson {
  readonly version: 1
  readonly blobs: readonly {
    readonly multihash: string
    readonly size: number
    readonly local: boolean
    readonly sites: readonly BlobSite[]
    readonly holders: readonly Holder[]
  }[]
  /** First multihash, offset and length of each page. */
  readonly pages: readonly (readonly [first: string, offset: number, length: number])[]
}

/** A blob with who holds it. */
export interface HeldBlob {
  readonly ref: BlobRef
  readonly local: boolean
  /** By when they were accepted. */
  readonly holders: readonly Holder[]
}

/** A deployment as of some time. */
export interface DeploymentState {
  /** Key of the index's table. */
  readonly blocksKey: string
  readonly blobs: readonly HeldBlob[]
  readonly pages: readonly TablePage[]
  readonly grants: ReadonlyMap<string, readonly Grant[]>
}

/** What a deployment is read with. */
export interface DeploymentOptions {
  readonly bucket: Bucket
  readonly clock: Clock
  readonly ttlMs?: number
}

const LOCAL_SITE: BlobSite = { url: 'local:', provider: '' }
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The deployment of one bucket, never older than its time to live. */
export class Deployment {
  readonly #options: DeploymentOptions
  readonly #ttlMs: number
  #kept: { state: DeploymentState; index: string; etag: string; readAtMs: number } | undefined

  constructor(options: DeploymentOptions) {
    this.#options = options
    this.#ttlMs = options.ttlMs ?? WORKER_DEPLOYMENT_TTL_MS
  }

  /**
   * The deployment now. Each request that finds it too old asks for itself: what another request
   * waits for might stop with that request.
   *
   * @throws {OriginFault} when the bucket does not give it
   * @throws {TypeError} when it is none
   */
  async current(): Promise<DeploymentState> {
    const { bucket, clock } = this.#options
    const nowMs = clock.monotonicMs()
    const kept = this.#kept
    if (kept !== undefined && nowMs - kept.readAtMs < this.#ttlMs) return kept.state
    const onlyIf = kept && { onlyIf: { etagDoesNotMatch: kept.etag } }
    const object = await gotten(bucket.get(DEPLOYMENT_KEY, onlyIf))
    if (object.body === undefined && kept !== undefined) {
      kept.readAtMs = nowMs
      return kept.state
    }
    const json = await jsonOf<DeploymentJson>(object, DEPLOYMENT_KEY)
    const index = kept?.index === json.index ? kept.state : await this.#index(json.index)
    const state = { ...index, grants: grantsOf(json) }
    this.#kept = { state, index: json.index, etag: object.etag, readAtMs: nowMs }
    return state
  }

  async #index(name: string): Promise<Omit<DeploymentState, 'grants'>> {
    const keys = indexKeys(name)
    const object = await gotten(this.#options.bucket.get(keys.manifest))
    const manifest = await jsonOf<ManifestJson>(object, keys.manifest)
    return {
      blocksKey: keys.blocks,
      blobs: manifest.blobs.map(heldBlob),
      pages: manifest.pages.map(([first, offset, length]) => ({
        first: bytesOfHex(first),
        offset,
        length,
      })),
    }
  }
}

/** An object that has to be there. */
async function gotten(got: Promise<BucketObject | null>): Promise<BucketObject> {
  const object = await got.catch((error: unknown) => error as Error)
  if (object instanceof Error)
    throw new OriginFault('OriginUnavailable', '', 'bucket expected to answer', object)
  if (object === null)
    throw new OriginFault('OriginMissing', '', 'bucket expected to hold a published deployment')
  return object
}

async function jsonOf<T extends { readonly version: 1 }>(
  object: BucketObject,
  key: string,
): Promise<T> {
  if (object.size > WORKER_MANIFEST_BYTES_MAX)
    throw new TypeError(`${key} expected <= ${WORKER_MANIFEST_BYTES_MAX} bytes, got ${object.size}`)
  const value = JSON.parse(utf8.decode(await object.arrayBuffer())) as T
  if (value?.version !== 1) throw new TypeError(`${key} expected version 1, got ${value?.version}`)
  return value
}

function heldBlob(blob: ManifestJson['blobs'][number]): HeldBlob {
  const sites = blob.local ? [LOCAL_SITE, ...blob.sites] : blob.sites
  const multihash = bytesOfHex(blob.multihash)
  return {
    ref: { multihash, key: blob.multihash, size: blob.size, sites },
    local: blob.local,
    holders: blob.holders.toSorted((a, b) => a.accepted - b.accepted),
  }
}

function grantsOf(json: DeploymentJson): ReadonlyMap<string, readonly Grant[]> {
  const grants = new Map<string, Grant[]>()
  for (const { space, startsMs, expiresMs } of json.grants) {
    const grant = { space, startsMs: startsMs ?? undefined, expiresMs: expiresMs ?? undefined }
    grants.set(space, [...(grants.get(space) ?? []), grant])
  }
  return grants
}
