/**
 * What can be asked at the front door: a capability, and what it does.
 * @module
 */
import type { CapabilityParser, Match, ParsedCapability } from '@ucanto/interface'
import type { Result } from '@turnpike/core/result'
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
export type Outcome = Result<NonNullable<unknown>, Error>

/** One ability. */
export interface Ability {
  readonly can: string
  readonly capability: CapabilityParser<Match<ParsedCapability>>
  /** An error's name and message reach whoever asked, nothing else of it. */
  run(task: Task): Promise<Outcome>
}
