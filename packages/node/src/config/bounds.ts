/**
 * Settings that bound what clients and origins may cost; docs/operating/limits.md is about them.
 * @module
 */
import * as limits from '@turnpike/core/limits'
import * as logLimits from '@turnpike/core/limits/log'
import { bytes, integer, milliseconds } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Bounds of a deployment. */
export interface BoundSettings {
  readonly connectionsMax: number
  readonly requestsMax: number
  readonly addressTokensPerMinute: number | undefined
  readonly addressBurstTokens: number | undefined
  readonly identityTokensPerMinute: number | undefined
  readonly identityBurstTokens: number | undefined
  readonly spaceFetchBytesPerDay: number | undefined
  readonly originFetchBytesPerDay: number | undefined
  readonly urlCharsMax: number
  readonly headersBytesMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly retrievalTimeoutMs: number
  readonly writeIdleTimeoutMs: number
  readonly responseDurationMsMax: number
  readonly stopGraceMs: number
}

const KIB = 1024
const HOUR_MS = 3_600_000

const tokens = integer(1, limits.RATE_TOKENS_MAX)

/** Their part of the table of all settings. */
export const BOUNDS: { readonly [K in keyof BoundSettings]: Setting<BoundSettings[K]> } = {
  connectionsMax: {
    kind: integer(1, 1_000_000),
    default: limits.CONNECTIONS_MAX,
    doc: 'Open connections of each process that serves; more are closed as they come.',
  },
  requestsMax: {
    kind: integer(1, logLimits.JOURNAL_OPEN_READS_MAX),
    default: limits.REQUESTS_MAX,
    doc: 'Requests that each process answers at once; more are refused with 429.',
  },
  addressTokensPerMinute: {
    kind: tokens,
    default: undefined,
    doc:
      'Requests a minute from one IPv4 address or one IPv6 network of 64 bits, over all ' +
      'processes; more are refused with 429. Any number unless set.',
  },
  addressBurstTokens: {
    kind: tokens,
    default: undefined,
    doc: 'Requests that one address may send at once. What a minute allows unless set.',
  },
  identityTokensPerMinute: {
    kind: tokens,
    default: undefined,
    doc:
      'Requests a minute by one identity, such as a token that opens a space, from whatever ' +
      'addresses; more are refused with 429. Any number unless set.',
  },
  identityBurstTokens: {
    kind: tokens,
    default: undefined,
    doc: 'Requests that one identity may send at once. What a minute allows unless set.',
  },
  spaceFetchBytesPerDay: {
    kind: bytes(1, Number.MAX_SAFE_INTEGER),
    default: undefined,
    doc:
      'Bytes a day (UTC) that are fetched from origins for one space; beyond them only what is ' +
      'here is served. Any number unless set.',
  },
  originFetchBytesPerDay: {
    kind: bytes(1, Number.MAX_SAFE_INTEGER),
    default: undefined,
    doc:
      'Bytes a day (UTC) that are fetched from one origin; beyond them others are asked, if ' +
      'content has several. Any number unless set.',
  },
  urlCharsMax: {
    kind: integer(256, limits.URL_CHARS_MAX),
    default: limits.URL_CHARS_MAX,
    doc: 'Characters of the URL in a request line; longer ones are refused with 414.',
  },
  headersBytesMax: {
    kind: bytes(4096, 256 * KIB),
    default: limits.HEADERS_BYTES_MAX,
    doc: 'Bytes of request line and header fields; more are refused with 431.',
  },
  headersTimeoutMs: {
    kind: milliseconds(100, HOUR_MS),
    default: limits.HEADERS_TIMEOUT_MS,
    doc: 'Time for a client to send the header fields of a request.',
  },
  requestTimeoutMs: {
    kind: milliseconds(100, HOUR_MS),
    default: limits.REQUEST_TIMEOUT_MS,
    doc: 'Time for a client to send a whole request.',
  },
  keepAliveTimeoutMs: {
    kind: milliseconds(0, HOUR_MS),
    default: limits.KEEP_ALIVE_TIMEOUT_MS,
    doc: 'Time that an idle connection stays open. Longer than what a proxy before us waits.',
  },
  retrievalTimeoutMs: {
    kind: milliseconds(100, HOUR_MS),
    default: limits.RETRIEVAL_TIMEOUT_MS,
    doc:
      'Time for content to come: to its first byte, or 504 is answered, and to each next one, or ' +
      'the connection is cut.',
  },
  writeIdleTimeoutMs: {
    kind: milliseconds(100, 24 * HOUR_MS),
    default: limits.WRITE_IDLE_TIMEOUT_MS,
    doc: 'A reader that takes no byte for so long is cut.',
  },
  responseDurationMsMax: {
    kind: milliseconds(1000, 168 * HOUR_MS),
    default: limits.RESPONSE_DURATION_MS_MAX,
    doc: 'A response that takes longer, from its request to its last byte, is cut.',
  },
  stopGraceMs: {
    kind: milliseconds(0, HOUR_MS),
    default: limits.STOP_GRACE_MS,
    doc: 'Time that a stop leaves to what is in flight.',
  },
}
