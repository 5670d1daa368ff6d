/**
 * Records from others: the Delegated Routing V1 HTTP API (`GET /routing/v1/ipns/<name>`).
 * @module
 */
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { isInForce, validateRecord } from '@turnpike/core/ipns/validate'
import type { IpnsRecord } from '@turnpike/core/ipns/record'
import {
  IPNS_RECORD_BYTES_MAX,
  NAME_MISSING_TTL_MS,
  NAME_TTL_MS,
  NAME_TTL_MS_MIN,
  ROUTED_NAMES_KEPT_MAX,
  ROUTER_LOOKUPS_MAX,
  ROUTER_TIMEOUT_MS,
} from '@turnpike/core/limits/names'
import { originOf } from '@turnpike/core/origin/address'
import { NameUnavailable, type FoundRecord, type NameError } from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { LRUCache } from 'lru-cache'
import { nodeHasher } from '../hasher.ts'
import type { HttpTransport } from '../origins/transport.ts'
import { notFound, type RecordRouters } from './records.ts'
import { nodeVerifier } from './verifier.ts'

const RECORD_TYPE = 'application/vnd.ipfs.ipns-record'

/** What routers are asked with. */
export interface HttpRoutersOptions {
  /** Where each one's API is; `/routing/v1` is appended. Asked in this order. */
  readonly urls: readonly string[]
  readonly transport: Pick<HttpTransport, 'send'>
  readonly clock: Clock
  /** Longest time that a record is kept. */
  readonly ttlMsMax: number
}

/** A verified record, kept. */
interface Kept {
  readonly bytes: Uint8Array
  readonly record: IpnsRecord
  /** When it is looked up again, on the monotonic clock. */
  endMs: number
}

interface Missing {
  readonly error: NameError
  readonly endMs: number
}

type Outcome = Result<FoundRecord, NameError>
type Asked = { readonly bytes: Uint8Array; readonly record: IpnsRecord } | 'unknown' | 'failed'

/**
 * Asks routers for records, verifies what they say, and keeps it for its TTL. While they fail, what
 * they said is used as long as it holds. Each look-up is shared by all who ask meanwhile.
 */
export class HttpRouters implements RecordRouters {
  readonly #options: HttpRoutersOptions
  readonly #kept = new LRUCache<BytesKey, Kept>({ max: ROUTED_NAMES_KEPT_MAX })
  /** Apart from the others, so that made-up names never displace them. */
  readonly #missing = new LRUCache<BytesKey, Missing>({ max: ROUTED_NAMES_KEPT_MAX })
  readonly #underWay = new Map<BytesKey, Promise<Outcome>>()
  readonly #closing = new AbortController()

  constructor(options: HttpRoutersOptions) {
    this.#options = options
  }

  /** Ends look-ups that are under way. */
  close(): void {
    this.#closing.abort()
  }

  async find(name: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const key = keyOf(name)
    const nowMs = this.#options.clock.monotonicMs()
    const kept = this.#kept.get(key)
    if (kept !== undefined && nowMs < kept.endMs) return ok(this.#found(kept))
    const missing = this.#missing.get(key)
    if (missing !== undefined && nowMs < missing.endMs) return fail(missing.error)
    const underWay = this.#underWay.get(key) ?? this.#start(key, name)
    if (underWay === undefined)
      return fail(unavailable(name, `fewer than ${ROUTER_LOOKUPS_MAX} look-ups at once`))
    return whileWanted(underWay, name, signal)
  }

  /** Undefined when too many look-ups are under way. */
  #start(key: BytesKey, name: Uint8Array): Promise<Outcome> | undefined {
    if (this.#underWay.size >= ROUTER_LOOKUPS_MAX) return undefined
    const started = this.#askAll(name)
      .then((asked) => this.#keep(key, name, asked))
      .finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, started)
    return started
  }

  async #askAll(name: Uint8Array): Promise<Asked> {
    let outcome: Asked = 'unknown'
    for (const url of this.#options.urls) {
      const asked = await this.#ask(url, name)
      if (typeof asked === 'object') return asked
      if (asked === 'failed') outcome = asked
    }
    return outcome
  }

  #keep(key: BytesKey, name: Uint8Array, asked: Asked): Outcome {
    const { clock, ttlMsMax } = this.#options
    const nowMs = clock.monotonicMs()
    if (typeof asked === 'object') {
      const saidMs = asked.record.ttlMs ?? NAME_TTL_MS
      const ttlMs = Math.max(NAME_TTL_MS_MIN, Math.min(saidMs, ttlMsMax))
      const kept = { ...asked, endMs: nowMs + ttlMs }
      this.#kept.set(key, kept)
      return ok(this.#found(kept))
    }
    const before = this.#kept.get(key)
    if (asked === 'failed' && before !== undefined && isInForce(before.record, clock.nowMs())) {
      before.endMs = nowMs + NAME_MISSING_TTL_MS
      return ok(this.#found(before))
    }
    this.#kept.delete(key)
    const error =
      asked === 'unknown' ? notFound(name) : unavailable(name, 'a router to answer, got none')
    this.#missing.set(key, { error, endMs: nowMs + NAME_MISSING_TTL_MS })
    return fail(error)
  }

  #found({ bytes, record, endMs }: Kept): FoundRecord {
    const { clock } = this.#options
    const leftMs = Math.min(endMs - clock.monotonicMs(), record.eolMs - clock.nowMs())
    const ttlMs = record.ttlMs === undefined ? undefined : Math.max(0, leftMs)
    return { bytes, record, ttlMs }
  }

  async #ask(base: string, name: Uint8Array): Promise<Asked> {
    const { transport, clock } = this.#options
    const url = new URL(`${base.replace(/\/$/, '')}/routing/v1/ipns/${ipnsNameToString(name)}`)
    const asked = { url, headers: { accept: RECORD_TYPE }, provider: originOf(url.href) }
    const late = AbortSignal.timeout(ROUTER_TIMEOUT_MS)
    const signal = AbortSignal.any([this.#closing.signal, late])
    const sent = await transport.send(asked, signal)
    if (sent.error) return 'failed'
    const { request, response } = sent.ok
    const abort = (): void => void request.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (response.statusCode === 404) return 'unknown'
      if (response.statusCode !== 200) return 'failed'
      const bytes = await readRecord(response)
      if (bytes === undefined) return 'failed'
      const deps = { hasher: nodeHasher, verifier: nodeVerifier }
      const checked = await validateRecord(name, bytes, deps)
      if (checked.error || !isInForce(checked.ok, clock.nowMs())) return 'unknown'
      return { bytes, record: checked.ok }
    } finally {
      signal.removeEventListener('abort', abort)
      request.destroy()
    }
  }
}

/** The body of an answer; undefined when it is larger than a record or is cut. */
async function readRecord(response: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of response) {
      length += part.length
      if (length > IPNS_RECORD_BYTES_MAX) return undefined
      parts.push(part)
    }
  } catch {
    return undefined
  }
  return new Uint8Array(Buffer.concat(parts))
}

function unavailable(name: Uint8Array, expected: string): NameUnavailable {
  const text = ipnsNameToString(name)
  return new NameUnavailable(text, `"${text}" expected ${expected}`)
}

/** The outcome, or that the one who asked left first; the look-up goes on for others. */
function whileWanted(
  outcome: Promise<Outcome>,
  name: Uint8Array,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(fail(unavailable(name, 'a reader until routers answer')))
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    outcome.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
