/**
 * Bindings of a Worker as this package uses them: R2, Durable Objects, execution context.
 * Source: developers.cloudflare.com, R2 and Durable Objects API references.
 * @module
 */

/** A bucket, read side. */
export interface Bucket {
  get(
    key: string,
    options?: {
      readonly range?: { readonly offset: number; readonly length: number }
      readonly onlyIf?: { readonly etagDoesNotMatch: string }
    },
  ): Promise<BucketObject | null>
}

/** An object of a bucket. Without `body`: a condition of the get was not met. */
export interface BucketObject {
  /** Size of the whole object in bytes, whatever the range. */
  readonly size: number
  readonly etag: string
  readonly body?: ReadableStream<Uint8Array>
  arrayBuffer(): Promise<ArrayBuffer>
}

/** A reader that fills at least `bytesMin` of a view; workerd's own addition to BYOB readers. */
export interface FillingReader {
  readAtLeast(
    bytesMin: number,
    view: Uint8Array,
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>
  cancel(reason?: unknown): Promise<void>
}

/** Objects by name. `get` makes a stub: a new one after each failure, since that stub stays so. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): unknown
  get(id: unknown): Stub
}

/** One request's context. */
export interface RequestContext {
  /** Keeps the context alive until `promise` settles, at most 30 s after the client left. */
  waitUntil(promise: Promise<unknown>): void
}

/** A value in SQLite. */
export type SqlValue = ArrayBuffer | Uint8Array | string | number | null

/** Context of a Durable Object. */
export interface ObjectContext {
  readonly storage: {
    readonly sql: {
      exec(query: string, ...values: SqlValue[]): Iterable<Record<string, SqlValue>>
      readonly databaseSize: number
    }
    transactionSync<T>(run: () => T): T
    /** Resolves when all writes so far are durable. */
    sync(): Promise<void>
    getAlarm(): Promise<number | null>
    setAlarm(atMs: number): Promise<void>
  }
}
