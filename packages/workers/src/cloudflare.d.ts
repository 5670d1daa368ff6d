/**
 * The part of Cloudflare's runtime that this package uses, as types.
 * Source: workerd, `src/workerd/api`. Kept by hand, because its published types replace those of
 * the web platform that the rest of the workspace is checked with.
 * @module
 */

/** A byte stream of exactly `length` bytes: the one kind whose failure a client can see. */
declare class FixedLengthStream {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  constructor(length: number)
}

declare module 'cloudflare:workers' {
  /** Base of objects whose methods other Workers may call. */
  export abstract class DurableObject<Context, Env> {
    protected readonly ctx: Context
    protected readonly env: Env
    constructor(ctx: Context, env: Env)
  }
  /** Keeps the current request's context alive until `promise` settles, 30 s at most. */
  export function waitUntil(promise: Promise<unknown>): void
}
