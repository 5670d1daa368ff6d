/**
 * The gateway as adapters see it.
 * @module
 */
import type { Answer } from './meter.ts'
import type { GatewayRequest } from './request.ts'

/** Answers requests. Never rejects: what goes wrong is an answer, too. */
export interface Gateway {
  handle(request: GatewayRequest): Promise<Answer>
}
