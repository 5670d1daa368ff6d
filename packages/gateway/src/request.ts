/**
 * What the read path takes in: the part of a web-standard `Request` that it uses.
 * @module
 */

/**
 * A request as the gateway sees it. A `Request` of the web platform fits as it is; the Node adapter
 * passes a lighter object, because building a `Request` costs more than answering a small read.
 */
export interface GatewayRequest {
  readonly method: string
  /** Absolute URL, as received: scheme and authority as the adapter trusts them. */
  readonly url: string
  /** Header values by lower-case name; several of one name joined by `, `. */
  readonly headers: { get(name: string): string | null }
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  /**
   * The body of a PUT or POST, whole; undefined when it has more than `bytesMax` bytes, never ends,
   * or `signal` aborts. Called at most once. Absent where the adapter takes no bodies.
   */
  readBody?(bytesMax: number, signal?: AbortSignal): Promise<Uint8Array | undefined>
}
