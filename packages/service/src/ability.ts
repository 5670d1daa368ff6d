/**
 * What can be asked at the front door: a capability, and what it does.
 * @module
 */
import type { CapabilityParser, Match, ParsedCapability } from '@ucanto/interface'
import type { Result } from '@turnpike/core/result'
import type { UcanCapability } from '@turnpike/core/ucan/archive'
import type { Asked } from './message.ts'

/** A task whose authorization is valid. */
export interface Task {
  readonly asked: Asked
  /** The invocation's one capability, as its parser read it. */
  readonly capability: ParsedCapability
  /** DID of whoever invoked it. */
  readonly issuer: string
  readonly signal: AbortSignal
}

/** The outcome of a task; `ok` is a value for DAG-CBOR. */
export type Outcome = Result<NonNullable<unknown>, Error> & {
  /** Binary CIDs of invocations that it leads to, whose receipts come later. */
  readonly fork?: readonly Uint8Array[]
}

/** One ability. */
export interface Ability {
  readonly can: string
  readonly capability: CapabilityParser<Match<ParsedCapability>>
  /**
   * Whether it only asks: then its receipt is not kept, and who asks again is told how things are
   * by then.
   */
  readonly isQuestion?: boolean
  /** An error's name and message reach whoever asked, nothing else of it. */
  run(task: Task): Promise<Outcome>
}

/** A task that is run together with others; that it was signed, and may be asked, is not known. */
export interface BatchTask {
  readonly asked: Asked
  /** The invocation's one capability. */
  readonly capability: UcanCapability
}

/**
 * An ability whose tasks are judged and run many at once, for what is asked thousands of times a
 * second. Its receipts are not kept: a task that comes again runs again, and must come to the same.
 */
export interface BatchAbility {
  readonly can: string
  /** Outcomes in the order of the tasks, of which there is at least one. */
  runAll(tasks: readonly BatchTask[], signal: AbortSignal): Promise<readonly Outcome[]>
}
