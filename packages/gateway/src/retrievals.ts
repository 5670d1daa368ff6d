/**
 * What the gateway asks of who judges invocations to retrieve.
 * @module
 */
import type { MissingProofs, RetrievalRefused } from '@turnpike/core/retrieve/invocations'
import type { Retrieval, RetrievalAsked } from '@turnpike/core/retrieve/judge'
import type { Outcome } from '@turnpike/core/retrieve/message'
import type { Result } from '@turnpike/core/result'

/** Judges invocations, and signs what came of them. */
export interface Retrievals {
  /** Says whether an invocation is good; what it returns lets it through, at most once. */
  examine(asked: RetrievalAsked): Promise<Result<Retrieval, RetrievalRefused | MissingProofs>>
  /** A receipt, as the value of `X-Agent-Message`. */
  receipt(task: Uint8Array, out: Outcome): Promise<string>
}
