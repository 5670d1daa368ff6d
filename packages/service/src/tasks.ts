/**
 * Runs invocations, each once: who asks for one again, now or later, gets the same receipt.
 * @module
 */
import type { API } from '@ucanto/core'
import { provideAdvanced } from '@ucanto/server'
import { Schema } from '@ucanto/validator'
import type { BytesKey } from '@turnpike/core/bytes'
import type { TaskRecord } from '@turnpike/core/ports/agent'
import { fail } from '@turnpike/core/result'
import type { Ability, BatchAbility, BatchTask, Outcome } from './ability.ts'
import { type Effort, judge } from './authorize.ts'
import type { FrontDoorDeps } from './deps.ts'
import { abilityOf, archiveOf, viewOf, type Asked, type ReportedReceipt } from './message.ts'
import { issueReceipt } from './receipt.ts'

/** What a task came to. */
interface Verdict {
  readonly outcome: Outcome
  /**
   * Whether it is kept: it ran, with leave, to an end that another time would not change, and was
   * no question.
   */
  readonly isFinal: boolean
}

/** Something broke here; the message says nothing of what. */
class TaskFailed extends Error {
  override readonly name = 'TaskFailed'
}

const BROKE = 'something broke here while the task ran: it was noted, please try again'

/** There is no such ability here. */
class HandlerNotFound extends Error {
  override readonly name = 'HandlerNotFound'
}

/** An invocation asks for more than one thing, or nothing. */
class InvocationCapabilityError extends Error {
  override readonly name = 'InvocationCapabilityError'
}

/** Errors of abilities that pass: the store is full now, somebody can't be reached now. */
const PASSING: ReadonlySet<string> = new Set([
  'DelegationsFull',
  'TaskFailed',
  'ClaimsFull',
  'ProvisioningFull',
  'IndexUnavailable',
  'EgressTrackError',
  'BatchesFull',
])

/** Tasks of one store. */
export class Tasks {
  readonly #deps: FrontDoorDeps
  readonly #trusted: readonly API.Delegation[]
  readonly #abilities: ReadonlyMap<string, Ability>
  readonly #batches: ReadonlyMap<string, BatchAbility>
  readonly #audience: API.Reader<API.DID>
  readonly #running = new Map<BytesKey, Promise<ReportedReceipt>>()

  constructor(
    deps: FrontDoorDeps,
    trusted: readonly API.Delegation[],
    abilities: readonly Ability[],
  ) {
    this.#deps = deps
    this.#trusted = trusted
    this.#abilities = new Map(abilities.map((ability) => [ability.can, ability]))
    this.#batches = new Map(deps.batchAbilities?.map((ability) => [ability.can, ability]))
    const dids = deps.identity.dids.map((did) => Schema.literal(did))
    this.#audience = Schema.union(dids as never) as unknown as API.Reader<API.DID>
  }

  /**
   * Receipts of the invocations of a message, in any order. Those of one batch ability run
   * together, the others in turn.
   */
  async receiptsOf(message: readonly Asked[], effort: Effort): Promise<readonly ReportedReceipt[]> {
    const receipts: ReportedReceipt[] = []
    const groups = Map.groupBy(message, ({ ucan }) => this.#batches.get(abilityOf(ucan)))
    for (const [batch, asked] of groups) {
      if (batch === undefined)
        for (const one of asked) receipts.push(await this.receiptOf(one, effort))
      else receipts.push(...(await this.#runBatch(batch, asked, effort)))
    }
    return receipts
  }

  async #runBatch(
    batch: BatchAbility,
    all: readonly Asked[],
    { signal }: Effort,
  ): Promise<readonly ReportedReceipt[]> {
    const tasks = all.map((asked): BatchTask => {
      return { asked, capability: asked.ucan.capabilities[0]! }
    })
    const outcomes = await batch.runAll(tasks, signal).catch((error: unknown) => {
      this.#deps.crash(error)
      return all.map(() => fail(new TaskFailed(BROKE)))
    })
    return Promise.all(all.map(({ ucan }, i) => this.#issue(ucan, outcomes[i]!)))
  }

  /** The receipt of an invocation, which is run unless it has one, or is being run. */
  receiptOf(asked: Asked, effort: Effort): Promise<ReportedReceipt> {
    const { key } = asked.ucan
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const started = this.#keptOrRun(asked, effort).finally(() => this.#running.delete(key))
    this.#running.set(key, started)
    return started
  }

  async #keptOrRun(asked: Asked, effort: Effort): Promise<ReportedReceipt> {
    const { agent, clock, hasher } = this.#deps
    const kept = await agent.task(asked.ucan.cid)
    if (kept !== undefined) return kept
    const { outcome, isFinal } = await this.#judgeAndRun(asked, effort)
    const receipt = await this.#issue(asked.ucan, outcome)
    if (!isFinal) return receipt
    const invocation = archiveOf(asked, hasher)
    const record: TaskRecord = { ...receipt, invocation, ranMs: clock.nowMs() }
    await agent.keep(record)
    return record
  }

  async #judgeAndRun(asked: Asked, effort: Effort): Promise<Verdict> {
    const [only, ...others] = asked.ucan.capabilities
    if (only === undefined || others.length > 0)
      return refused(new InvocationCapabilityError('one capability expected in an invocation'))
    const ability = this.#abilities.get(only.can)
    if (ability === undefined)
      return refused(new HandlerNotFound(`service does not implement {can: "${only.can}"} handler`))
    try {
      return await this.#runAbility(ability, asked, effort)
    } catch (error) {
      this.#deps.crash(error)
      return refused(new TaskFailed(BROKE))
    }
  }

  async #runAbility(ability: Ability, asked: Asked, effort: Effort): Promise<Verdict> {
    const { context, passing } = judge(this.#deps, this.#trusted, effort)
    let isFinal = false
    const method = provideAdvanced({
      capability: ability.capability,
      audience: this.#audience,
      handler: async ({ capability }) => {
        const issuer = asked.ucan.issuer
        const outcome = await ability.run({ asked, capability, issuer, signal: effort.signal })
        isFinal = !ability.isQuestion && !PASSING.has(outcome.error?.name ?? '')
        return outcome as API.Result<NonNullable<unknown>, API.Failure>
      },
    })
    const outcome = await method(viewOf(asked) as never, context)
    return { outcome: outcome as Outcome, isFinal: isFinal && !passing() }
  }

  #issue({ cid }: Asked['ucan'], outcome: Outcome): Promise<ReportedReceipt> {
    const { hasher, identity } = this.#deps
    return issueReceipt(cid, outcome, { issuer: identity.signer, hasher })
  }
}

function refused(error: Error): Verdict {
  return { outcome: { error }, isFinal: false }
}
