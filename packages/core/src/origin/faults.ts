/**
 * Faults of origins: naming them, and telling which may pass by themselves.
 * @module
 */
import { OriginFault } from '../ports/blob.ts'

/**
 * The fault that a socket's or an HTTP parser's error is, from its code (`ECONNREFUSED`,
 * `HPE_INVALID_CONSTANT`, …). Only the code is kept: such an error's message and fields may hold
 * addresses and bytes of the answer.
 *
 * @example
 * faultOfCode('https://o.example', 'ECONNRESET').name // 'OriginUnavailable'
 */
export function faultOfCode(provider: string, code: string | undefined): OriginFault {
  const got = code ?? 'a connection that ended'
  const message = `origin ${provider} expected to answer, got ${got}`
  if (code === 'ETIMEDOUT') return new OriginFault('OriginTimeout', provider, message)
  if (code?.startsWith('HPE_')) return new OriginFault('OriginLied', provider, message)
  return new OriginFault('OriginUnavailable', provider, message)
}

/**
 * Whether the same read from the same origin may succeed a little later. A lie, a refusal and a
 * missing blob do not pass by waiting.
 */
export function isTransient(fault: OriginFault): boolean {
  return fault.name === 'OriginUnavailable' || fault.name === 'OriginTimeout'
}
