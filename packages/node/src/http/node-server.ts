/**
 * Node's HTTP server with our bounds.
 * @module
 */
import { createServer, type Server } from 'node:http'
import {
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
} from '@turnpike/core/limits'

/** Bounds of connections. Times are in milliseconds; each has its default in `limits.ts`. */
export interface ConnectionBounds {
  readonly connectionsMax?: number
  readonly headersBytesMax?: number
  readonly headersTimeoutMs?: number
  readonly requestTimeoutMs?: number
  readonly keepAliveTimeoutMs?: number
}

/** Makes a server that listens to nothing yet. */
export function nodeServer(bounds: ConnectionBounds): Server {
  const headersTimeout = bounds.headersTimeoutMs ?? HEADERS_TIMEOUT_MS
  const server = createServer({
    maxHeaderSize: bounds.headersBytesMax ?? HEADERS_BYTES_MAX,
    headersTimeout,
    requestTimeout: bounds.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    keepAliveTimeout: bounds.keepAliveTimeoutMs ?? KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 4),
    joinDuplicateHeaders: true,
    requireHostHeader: false,
    // Requests without a body are most of them; their streams need no life of their own.
    optimizeEmptyRequests: true,
  })
  server.maxConnections = bounds.connectionsMax ?? CONNECTIONS_MAX
  // Node would drop fields beyond 2,000 in silence; their bytes are bounded already.
  server.maxHeadersCount = 0
  // Without it Node ends the response as soon as the client ends its side.
  return Object.assign(server, { httpAllowHalfOpen: true })
}
