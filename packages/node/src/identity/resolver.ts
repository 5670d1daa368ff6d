/**
 * The `DidResolver` port: did:key, the operator's map, and did:web over https.
 * @module
 */
import {
  DID_ABSENT_TTL_MS,
  DID_DOCUMENT_BYTES_MAX,
  DID_FETCHES_MAX,
  DID_RETRY_MS,
  DID_TIMEOUT_MS,
  DID_TTL_MS,
  DIDS_KEPT_MAX,
} from '@turnpike/core/limits/ucan'
import {
  DidUnresolved,
  type DidFault,
  type DidKeys,
  type DidResolver,
  type KeyDid,
} from '@turnpike/core/ports/principals'
import type { Clock } from '@turnpike/core/ports/runtime'
import { Recent } from '@turnpike/core/recent'
import { fail, ok, type Result } from '@turnpike/core/result'
import { publicKeyOf } from '@turnpike/core/ucan/did-key'
import type { HttpTransport, OriginResponse } from '../origins/transport.ts'
import { didWebUrl, keysInDocument } from './did-web.ts'

/** What a resolver is made of. */
export interface DidResolverOptions {
  /** Keys of DIDs that are not asked for, of this gateway's own for one. */
  readonly known: ReadonlyMap<string, readonly KeyDid[]>
  readonly transport: HttpTransport
  readonly clock: Clock
  /** How long a document is kept; `DID_TTL_MS` unless told. */
  readonly ttlMs?: number
}

type Resolved = Result<DidKeys, DidUnresolved>

interface Kept {
  readonly outcome: Result<readonly KeyDid[], DidUnresolved>
  /** Monotonic ms. */
  readonly untilMs: number
}

/**
 * Resolves DIDs. Documents come by the rules for addresses that strangers name: https, no private
 * addresses, no redirects, bounded in bytes and time; each is fetched once for all who wait for it.
 * `did:mailto` has no keys: only an attestation speaks for one.
 *
 * @example
 * const resolver = new NodeDidResolver({ known: new Map(), transport, clock: nodeClock })
 * await resolver.resolve('did:web:up.storacha.network', signal)
 */
export class NodeDidResolver implements DidResolver {
  readonly #options: DidResolverOptions
  readonly #kept = new Recent<string, Kept>(DIDS_KEPT_MAX)
  readonly #fetching = new Map<string, Promise<Kept>>()

  constructor(options: DidResolverOptions) {
    this.#options = options
  }

  async resolve(did: string, signal: AbortSignal): Promise<Resolved> {
    const known = this.#options.known.get(did)
    if (known !== undefined) return ok({ keys: known, ttlMs: undefined })
    if (publicKeyOf(did) !== undefined) return ok({ keys: [did as KeyDid], ttlMs: undefined })
    const url = didWebUrl(did)
    if (url === undefined)
      return unresolved(did, 'unsupported', 'a did:key, or a did:web with a document')
    const nowMs = this.#options.clock.monotonicMs()
    const kept = this.#kept.get(did)
    if (kept !== undefined && kept.untilMs > nowMs) return told(kept, nowMs)
    if (signal.aborted) return unresolved(did, 'unavailable', 'somebody who waits')
    const fetching = this.#fetching.get(did) ?? this.#start(did, url)
    if (fetching === undefined)
      return unresolved(did, 'unavailable', `fewer than ${DID_FETCHES_MAX} look-ups at once`)
    return told(await fetching, this.#options.clock.monotonicMs())
  }

  #start(did: string, url: URL): Promise<Kept> | undefined {
    if (this.#fetching.size >= DID_FETCHES_MAX) return undefined
    const fetching = this.#fetch(did, url).finally(() => this.#fetching.delete(did))
    this.#fetching.set(did, fetching)
    return fetching
  }

  async #fetch(did: string, url: URL): Promise<Kept> {
    const { clock, transport, ttlMs = DID_TTL_MS } = this.#options
    const outcome = await fetchKeys(transport, did, url)
    const fault = outcome.error?.fault
    const holdsMs =
      fault === undefined ? ttlMs : fault === 'unavailable' ? DID_RETRY_MS : DID_ABSENT_TTL_MS
    return this.#kept.keep(did, { outcome, untilMs: clock.monotonicMs() + holdsMs })
  }
}

function told({ outcome, untilMs }: Kept, nowMs: number): Resolved {
  return outcome.error ? outcome : ok({ keys: outcome.ok, ttlMs: Math.max(0, untilMs - nowMs) })
}

function unresolved(
  did: string,
  fault: DidFault,
  expected: string,
  cause?: unknown,
): { readonly error: DidUnresolved } {
  const shown = did.length > 100 ? `${did.slice(0, 100)}…` : did
  return fail(new DidUnresolved(did, fault, `${shown} expected ${expected}`, cause))
}

async function fetchKeys(
  transport: HttpTransport,
  did: string,
  url: URL,
): Promise<Result<readonly KeyDid[], DidUnresolved>> {
  const signal = AbortSignal.timeout(DID_TIMEOUT_MS)
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' }
  const sent = await transport.send({ url, headers, provider: url.origin }, signal)
  if (sent.error) return unresolved(did, 'unavailable', 'its host to answer', sent.error)
  const { statusCode = 0 } = sent.ok.response
  if (statusCode !== 200) {
    sent.ok.request.destroy()
    const fault = statusCode >= 500 || statusCode === 429 ? 'unavailable' : 'absent'
    return unresolved(did, fault, `status 200 from its host, got ${statusCode}`)
  }
  const text = await textOf(sent.ok, signal)
  if (text === undefined) return unresolved(did, 'unavailable', 'a whole and small document')
  const keys = keysInDocument(did, text)
  if (keys === undefined || keys.length === 0)
    return unresolved(did, 'absent', 'a DID document of its own, with an Ed25519 key')
  return ok(keys)
}

async function textOf(
  { request, response }: OriginResponse,
  signal: AbortSignal,
): Promise<string | undefined> {
  const leave = (): void => void request.destroy()
  signal.addEventListener('abort', leave)
  try {
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > DID_DOCUMENT_BYTES_MAX) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch {
    return undefined
  } finally {
    signal.removeEventListener('abort', leave)
    if (!response.readableEnded) leave()
  }
}
