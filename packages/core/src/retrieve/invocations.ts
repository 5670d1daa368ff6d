/**
 * Judges invocations that come in a header field: who signed, in whose name, for us, and once.
 * What they ask for is the caller's. Source: Storacha RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import { bytesOfKey, type BytesKey } from '../bytes.ts'
import { RETRIEVE_LIFE_MS_MAX, RETRIEVE_PROOFS_MAX } from '../limits/ucan.ts'
import type { SpaceDid } from '../ports/content.ts'
import type { DelegationStore } from '../ports/delegations.ts'
import type { Clock, Hasher } from '../ports/runtime.ts'
import { fail, ok, type Awaitable, type Result, type Unit } from '../result.ts'
import type { Ucan, UcanCapability } from '../ucan/archive.ts'
import { cidsOf, withoutRevoked } from '../ucan/serve.ts'
import { findServeChains, type ChainRules, type ServeChain } from '../ucan/serve-chains.ts'
import { unpackAgentHeader } from './header.ts'
import { readExecute } from './message.ts'
import { ProofCache, type Gathered } from './proofs.ts'
import { SpentInvocations } from './spent.ts'

/** Why who signed is not given what the invocation asks for. */
export type RetrievalFault =
  /** The header field is no agent message. */
  | 'malformed'
  | 'too-long'
  /** It asks for something else than one of what is given here. */
  | 'not-retrieval'
  | 'unauthorized'
  | 'replayed'
  /** Further invocations of this space could not be remembered. */
  | 'full'

/** An invocation does not let its issuer have what it asks for. */
export class RetrievalRefused extends Error {
  override readonly name = 'RetrievalRefused'
  readonly fault: RetrievalFault
  constructor(fault: RetrievalFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** An invocation stands on proofs that nobody has sent. */
export class MissingProofs extends Error {
  override readonly name = 'MissingProofs'
  /** Binary CIDs. */
  readonly proofs: readonly Uint8Array[]
  /** Wall-clock ms until which those that came are kept. */
  readonly keptUntilMs: number
  constructor(proofs: readonly Uint8Array[], keptUntilMs: number) {
    super('proofs expected that did not come: send each, in a request that names the invocation')
    this.proofs = proofs
    this.keptUntilMs = keptUntilMs
  }
}

/** What an invocation is judged by. */
export interface JudgeDeps extends Pick<ChainRules, 'gateways' | 'attesters' | 'checks'> {
  readonly store: Pick<DelegationStore, 'generation' | 'revoked'>
  readonly hasher: Hasher
  readonly clock: Clock
}

/** A request with an invocation. */
export interface InvocationAsked {
  /** Value of the header field. */
  readonly value: string
  /**
   * What capabilities a chain of proofs needs, each for itself, for what this one asks for; or why
   * that is not given.
   */
  readonly wanted: (
    capability: UcanCapability,
  ) => Result<NonNullable<ChainRules['allowedBy']>, RetrievalRefused>
  readonly signal: AbortSignal
}

/** Leave to have what an invocation asks for. */
export interface Granted {
  readonly space: SpaceDid
  /** DID of who signed. */
  readonly invoker: string
  /** Binary CID of the invocation. */
  readonly task: Uint8Array
  /**
   * Whether what it stands on still holds. That the invocation itself has expired since it was let
   * through does not count.
   */
  holds(): Awaitable<boolean>
}

/** Leave to have what an invocation asks for, as long as it has not had it. */
export interface Examined extends Granted {
  /** Lets the invocation through, at most once. */
  spend(): Result<Unit, RetrievalRefused>
}

/** Why there is no leave, or not yet. */
export type Refusal = RetrievalRefused | MissingProofs

/**
 * Judges invocations for one process. What it remembers is bounded: proofs that came ahead, and
 * invocations that were run.
 *
 * @example
 * const judge = new InvocationJudge({ store, checks, gateways, attesters: [], hasher, clock })
 * const examined = await judge.examine({ value, wanted, signal })
 * const spent = examined.ok?.spend()
 */
export class InvocationJudge {
  readonly #deps: JudgeDeps
  readonly #proofs: ProofCache
  readonly #spent: SpentInvocations

  constructor(deps: JudgeDeps, spent: SpentInvocations = new SpentInvocations()) {
    this.#deps = deps
    this.#proofs = new ProofCache(deps.clock)
    this.#spent = spent
  }

  /**
   * Says whether an invocation is good and was not run, without remembering it: what it asks for is
   * looked up before. Anybody can make spaces, and sign in their names: where only spaces that have
   * something here spend, others can't fill the memory.
   */
  async examine(asked: InvocationAsked): Promise<Result<Examined, Refusal>> {
    const { hasher } = this.#deps
    const car = await unpackAgentHeader(asked.value)
    if (car.error) {
      const isLong = car.error.name === 'AgentHeaderTooLong'
      return refused(isLong ? 'too-long' : 'malformed', car.error.message)
    }
    const message = readExecute(car.ok, hasher)
    if (message.error) return refused('not-retrieval', message.error.message)
    const { task, blocks } = message.ok
    const gathered = this.#proofs.gather(task, blocks)
    if (gathered.tooMany)
      return refused('unauthorized', `proofs expected <= ${RETRIEVE_PROOFS_MAX}, got more`)
    const { invocation } = gathered
    if (invocation === undefined)
      return fail(new MissingProofs([bytesOfKey(task)], this.#deps.clock.nowMs()))
    return this.#judgeInvocation(invocation, gathered, asked)
  }

  async #judgeInvocation(
    invocation: Ucan,
    gathered: Gathered,
    { wanted, signal }: InvocationAsked,
  ): Promise<Result<Examined, Refusal>> {
    const [capability] = invocation.capabilities
    if (capability === undefined || invocation.capabilities.length !== 1)
      return refused('not-retrieval', 'one capability expected in an invocation')
    const allowed = wanted(capability)
    if (allowed.error) return allowed
    const fault = this.#termsFault(invocation)
    if (fault !== undefined) return refused('unauthorized', fault)
    const { clock, checks } = this.#deps
    if (gathered.missing.length > 0) {
      // Nobody can have things kept here in the name of others.
      const { signed } = await checks.signedBy(invocation, signal)
      if (!signed) return refused('unauthorized', NOT_SIGNED)
      return fail(new MissingProofs(gathered.missing.map(bytesOfKey), this.#proofs.keep(gathered)))
    }
    const generation = this.#deps.store.generation()
    const chains = await this.#chainsOf(invocation, gathered, { allowedBy: allowed.ok, signal })
    if (chains.error) return chains
    const space = capability.with as SpaceDid
    const { key, expiresMs } = invocation
    if (this.#spent.isSpent(space, key)) return refused('replayed', REPLAYED)
    // The last proof of an exchange is to be known to the next invocation, too.
    if (gathered.fromBefore) this.#proofs.keep(gathered)
    return ok({
      spend: () => {
        const spent = this.#spent.spend(space, key, expiresMs!, clock.nowMs())
        if (spent === 'full') return refused('full', `invocations of ${space} expected fewer, wait`)
        return spent === 'fresh' ? ok({}) : refused('replayed', REPLAYED)
      },
      space,
      invoker: invocation.issuer,
      task: invocation.cid,
      holds: this.#watch(chains.ok, gathered, { key, generation }),
    })
  }

  /** What is wrong with whom an invocation is for, or with its time. */
  #termsFault({ audience, startsMs = -Infinity, expiresMs = Infinity }: Ucan): string | undefined {
    const { gateways, clock } = this.#deps
    if (!gateways.includes(audience)) return `audience expected ${gateways[0]}, got ${audience}`
    const nowMs = clock.nowMs()
    if (startsMs > nowMs || expiresMs <= nowMs)
      return 'invocation expected to be in force, is not yet or no longer'
    if (expiresMs - nowMs > RETRIEVE_LIFE_MS_MAX)
      return `invocation expected to expire within ${RETRIEVE_LIFE_MS_MAX} ms, does not`
    return undefined
  }

  /** Chains from the space to the invocation that hold now; at least one. */
  async #chainsOf(
    invocation: Ucan,
    { ucans }: Gathered,
    asked: Pick<ChainRules, 'allowedBy' | 'signal'>,
  ): Promise<Result<readonly ServeChain[], RetrievalRefused>> {
    const { gateways, attesters, checks, store, clock } = this.#deps
    const space = invocation.capabilities[0]!.with
    const archive = { root: invocation, find: (key: BytesKey) => ucans.get(key) }
    const rules = { space, gateways, attesters, checks, ...asked }
    const found = await findServeChains(archive, rules)
    if (found.chains.length === 0)
      return refused('unauthorized', found.faults.join('; ').slice(0, MESSAGE_CHARS_MAX))
    const revocations = await store.revoked(cidsOf(found.chains))
    const nowMs = clock.nowMs()
    const chains = withoutRevoked(found.chains, revocations, gateways).filter(
      ({ startsMs, expiresMs }) => startsMs <= nowMs && nowMs < expiresMs,
    )
    if (chains.length > 0) return ok(chains)
    return refused('unauthorized', 'proofs expected to be in force and not revoked, are not')
  }

  #watch(
    chains: readonly ServeChain[],
    { ucans }: Gathered,
    known: { readonly key: BytesKey; generation: number },
  ): () => Awaitable<boolean> {
    const { store, clock, gateways } = this.#deps
    const endsMs = (chain: ServeChain): number =>
      Math.min(
        ...chain.links
          .filter(({ key }) => key !== known.key)
          .map(({ key }) => ucans.get(key)?.expiresMs ?? Infinity),
      )
    let left = chains.map((chain) => ({ chain, endsMs: endsMs(chain) }))
    const inTime = (): boolean => {
      const nowMs = clock.nowMs()
      left = left.filter((one) => nowMs < one.endsMs)
      return left.length > 0
    }
    return () => {
      const generation = store.generation()
      if (!inTime() || generation === known.generation) return left.length > 0
      const again = left.map(({ chain }) => chain)
      return Promise.resolve(store.revoked(cidsOf(again))).then((revocations) => {
        const kept = new Set(withoutRevoked(again, revocations, gateways))
        left = left.filter(({ chain }) => kept.has(chain))
        known.generation = generation
        return left.length > 0
      })
    }
  }
}

const MESSAGE_CHARS_MAX = 500
const REPLAYED = 'invocation expected once, got again'
const NOT_SIGNED =
  'signature expected of the invocation’s issuer, got none that proves to be theirs'

/** A refusal, as an outcome. */
export function refused(fault: RetrievalFault, message: string): Result<never, RetrievalRefused> {
  return fail(new RetrievalRefused(fault, message))
}
