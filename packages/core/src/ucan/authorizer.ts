/**
 * The `Authorizer` over stored delegations.
 * @module
 */
import { type BytesKey, keyOf } from '../bytes.ts'
import {
  CHAINS_KEPT_MAX,
  DID_RETRY_MS,
  TOKEN_CHARS_MAX,
  VERDICTS_KEPT_MAX,
} from '../limits/ucan.ts'
import {
  type Authorization,
  type Authorizer,
  type SpaceDid,
  Unauthorized,
} from '../ports/content.ts'
import type { DelegationStore, StoredDelegation } from '../ports/delegations.ts'
import type { Clock, Hasher } from '../ports/runtime.ts'
import { type Awaitable, fail, ok, type Result } from '../result.ts'
import { Recent } from '../recent.ts'
import { readUcanArchive } from './archive.ts'
import { chainsKey, cidsOf, withoutRevoked } from './serve.ts'
import {
  type ChainRules,
  findServeChains,
  type FoundChains,
  type ServeChain,
} from './serve-chains.ts'

/** What an authorizer works with. */
export interface AuthorizerDeps extends Omit<ChainRules, 'space' | 'signal'> {
  readonly store: DelegationStore
  readonly hasher: Hasher
  readonly clock: Clock
}

/** A time in which content may be served, wall-clock ms; `expiresMs` is the first after it. */
export type Span = Pick<ServeChain, 'startsMs' | 'expiresMs'>

/** What a space allows, as long as the store stays as it is. */
interface Leave {
  readonly generation: number
  /** Monotonic ms until which the keys of its issuers are known. */
  readonly untilMs: number
  readonly everybody: readonly Span[]
  readonly withoutToken: readonly Span[]
  /** By SHA-256 of the token: how long a look-up takes tells nothing of any token. */
  readonly byToken: ReadonlyMap<BytesKey, readonly Span[]>
}

/** Chains of one delegation, and until when (monotonic ms) they may be relied on. */
interface KeptChains extends FoundChains {
  readonly untilMs: number
}

type Verdict = Result<Authorization, Unauthorized>

const NOBODY: FoundChains = { chains: [], holdsMs: Infinity, faults: [] }

/**
 * Lets a space be served for which there is a chain of delegations in force. Chains are checked
 * once; what a space allows is put together anew when the store's generation changes, and times are
 * looked at for each request, so that every change, and every expiry, is in force at once.
 *
 * @example
 * const authorizer = new ChainAuthorizer({ store, hasher, clock, checks, gateways, attesters: [] })
 * const granted = await authorizer.authorize(space, token)
 */
export class ChainAuthorizer implements Authorizer {
  readonly #deps: AuthorizerDeps
  readonly #leaves = new Recent<SpaceDid, Leave>(VERDICTS_KEPT_MAX)
  readonly #chains = new Recent<string, KeptChains>(CHAINS_KEPT_MAX)
  /** A thousand requests for a space that is not known yet are one look-up. */
  readonly #finding = new Map<string, Promise<Leave>>()

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps
  }

  authorize(space: SpaceDid, token: string | undefined): Awaitable<Verdict> {
    const { store, clock } = this.#deps
    const generation = store.generation()
    const kept = this.#leaves.get(space)
    if (kept?.generation === generation && clock.monotonicMs() < kept.untilMs)
      return this.#judge(space, kept, token)
    return this.#find(space, generation).then((leave) => this.#judge(space, leave, token))
  }

  /** Times in which a space is served to everybody, as far as the store says now. */
  async timesForEverybody(space: SpaceDid): Promise<readonly Span[]> {
    const { everybody } = await this.#find(space, this.#deps.store.generation())
    return everybody
  }

  #judge(space: SpaceDid, leave: Leave, token: string | undefined): Verdict {
    const nowMs = this.#deps.clock.nowMs()
    const open = lastOf(leave.everybody, nowMs)
    if (open !== undefined) return granted(space, open, false)
    const spans = token === undefined ? leave.withoutToken : this.#behind(leave, token)
    const span = lastOf(spans, nowMs)
    if (span !== undefined) return granted(space, span, token !== undefined)
    return fail(new Unauthorized(space, `${space} has not let this gateway serve its content`))
  }

  #behind(leave: Leave, token: string): readonly Span[] {
    if (token.length > TOKEN_CHARS_MAX) return []
    // Also where no token opens anything: that must not be told by the time it takes.
    return leave.byToken.get(this.#digestOf(token)) ?? []
  }

  #digestOf(token: string): BytesKey {
    return keyOf(this.#deps.hasher.sha256(new TextEncoder().encode(token)))
  }

  #find(space: SpaceDid, generation: number): Promise<Leave> {
    const key = `${generation} ${space}`
    const finding = this.#finding.get(key)
    if (finding !== undefined) return finding
    const found = this.#load(space, generation).finally(() => this.#finding.delete(key))
    this.#finding.set(key, found)
    return found
  }

  async #load(space: SpaceDid, generation: number): Promise<Leave> {
    const { store, gateways } = this.#deps
    const found: ServeChain[] = []
    let untilMs = Infinity
    for (const delegation of await store.forSpace(space)) {
      const kept = await this.#chainsOf(delegation)
      found.push(...kept.chains)
      untilMs = Math.min(untilMs, kept.untilMs)
    }
    const revocations = found.length === 0 ? [] : await store.revoked(cidsOf(found))
    const chains = withoutRevoked(found, revocations, gateways)
    const byToken = new Map<BytesKey, Span[]>()
    for (const chain of chains) {
      if (typeof chain.token !== 'string') continue
      const digest = this.#digestOf(chain.token)
      const spans = byToken.get(digest)
      if (spans === undefined) byToken.set(digest, [chain])
      else spans.push(chain)
    }
    const everybody = chains.filter(({ token }) => token === undefined)
    const withoutToken = chains.filter(({ token }) => token === null)
    const leave = { generation, untilMs, everybody, withoutToken, byToken }
    return this.#leaves.keep(space, leave)
  }

  async #chainsOf(delegation: StoredDelegation): Promise<KeptChains> {
    const { hasher, clock, gateways, attesters, checks } = this.#deps
    const key = chainsKey(delegation)
    const kept = this.#chains.get(key)
    if (kept !== undefined && clock.monotonicMs() < kept.untilMs) return kept
    const { space, archive: bytes } = delegation
    const archive = readUcanArchive(bytes, hasher)
    const { signal } = new AbortController()
    const rules = { space, gateways, attesters, checks, signal }
    const found = archive.ok ? await findServeChains(archive.ok, rules) : NOBODY
    // Whoever knows the keys is not asked for each request while they can't be reached.
    const untilMs = clock.monotonicMs() + Math.max(DID_RETRY_MS, found.holdsMs)
    return this.#chains.keep(key, { ...found, untilMs })
  }
}

function granted(space: SpaceDid, { expiresMs }: Span, byToken: boolean): Verdict {
  return ok({ space, expiresMs: expiresMs === Infinity ? undefined : expiresMs, byToken })
}

/** Of the times that it is now, the one that ends last. */
function lastOf(spans: readonly Span[], nowMs: number): Span | undefined {
  let last: Span | undefined
  for (const span of spans) {
    if (span.startsMs > nowMs || span.expiresMs <= nowMs) continue
    if (last === undefined || span.expiresMs > last.expiresMs) last = span
  }
  return last
}
