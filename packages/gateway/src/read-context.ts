/**
 * What the stages of the read path know of one read.
 * @module
 */
import type { BlockSession } from './blocks/session.ts'
import type { Executions } from './executions.ts'
import type { ContentPath } from './parse-request.ts'
import type { GatewayRequest } from './request.ts'
import type { ReadTimes } from './server-timing.ts'

/** What is known of a read while it runs; stages fill it in from top to bottom. */
export interface ReadContext {
  request: GatewayRequest
  path: ContentPath | undefined
  /** The space that pays. */
  space: string
  session: BlockSession | undefined
  /** Code that is run for it: whoever makes an answer by running some records it here. */
  readonly executions: Executions
  /** Known for what was not kept whole. */
  times: ReadTimes | undefined
  /** Whether no block was fetched for it. */
  fromCache: boolean
}
