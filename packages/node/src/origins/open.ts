/**
 * Composes the readers of blobs that lie elsewhere.
 * @module
 */
import { readersFor } from '@turnpike/core/origin/readers-for'
import type { BlobReader } from '@turnpike/core/ports/blob'
import type { Clock } from '@turnpike/core/ports/runtime'
import { FileRangeReader } from './file-reader.ts'
import { HttpRangeReader } from './http-reader.ts'
import { S3RangeReader } from './s3-reader.ts'
import type { S3Settings, S3Store } from './s3-store.ts'
import { HttpTransport, type OriginTimeouts } from './transport.ts'

/** What origins are opened with. */
export interface OriginsOptions {
  readonly clock: Clock
  /** Stores that `s3:` addresses are read from; a bucket belongs to the first that names it. */
  readonly stores: readonly S3Settings[]
  /** Whether an `http:`, `https:` or `file:` address is the operator's own; see `ownSites`. */
  readonly trusts: (url: URL) => boolean
  /** Lets every address be http and private. Never opens files. */
  readonly allowPrivate: boolean
  readonly timeouts?: Partial<OriginTimeouts>
}

/** Open origins. `transport` and `stores` are what `findCars` wants. */
export interface OpenOrigins {
  /** Serves `file:`, `http:`, `https:` and `s3:` addresses. */
  readonly reader: BlobReader
  readonly transport: HttpTransport
  readonly stores: readonly S3Store[]
  /** Ends all connections and closes all files. */
  close(): void
}

/**
 * Opens the readers of a deployment. Stores have a transport of their own: their endpoints are the
 * operator's, whatever their addresses, and share no connection with addresses from others.
 *
 * @example
 * const origins = openOrigins({ clock, stores: [], trusts: () => false, allowPrivate: false })
 * const reader = readersFor([blobStore, origins.reader])
 */
export function openOrigins(options: OriginsOptions): OpenOrigins {
  const { trusts, allowPrivate, clock } = options
  const timeouts = options.timeouts ?? {}
  const transport = new HttpTransport({ trusts, allowPrivate, timeouts })
  const storeTransport = new HttpTransport({ trusts: () => true, timeouts })
  const stores = options.stores.map((settings) => ({ settings, transport: storeTransport, clock }))
  const files = new FileRangeReader(trusts)
  const http = new HttpRangeReader(transport)
  const s3 = stores.map((store) => new S3RangeReader(store))
  return {
    reader: readersFor([files, http, ...s3]),
    transport,
    stores,
    close() {
      files.close()
      transport.close()
      storeTransport.close()
    },
  }
}
