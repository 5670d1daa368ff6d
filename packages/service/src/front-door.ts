/**
 * The UCAN front door: agent messages in, receipts out.
 * Source: ucanto over HTTP with CARs (`@ucanto/transport/car`).
 * @module
 */
import { inbound } from '@ucanto/transport/car'
import { accessClaim } from './abilities/access-claim.ts'
import { accessDelegate } from './abilities/access-delegate.ts'
import { ucanAttest } from './abilities/ucan-attest.ts'
import { ucanRevoke } from './abilities/ucan-revoke.ts'
import { carAnswer, type ServiceAnswer, textAnswer } from './answer.ts'
import { Effort, trustAttesters } from './authorize.ts'
import type { FrontDoorDeps } from './deps.ts'
import { encodeReport, readMessage } from './message.ts'
import { Tasks } from './tasks.ts'

/** Header fields by lower-case name. */
export interface Fields {
  get(name: string): string | null
}

/** Where agent messages are answered. */
export interface FrontDoor {
  /**
   * Runs the invocations of a message, in turn or many at once, and answers with their receipts:
   * 200 however they ended, 400 for what is no message. Never rejects for what a message says.
   *
   * @param signal ends look-ups of DIDs
   */
  answer(body: Uint8Array, signal: AbortSignal): Promise<ServiceAnswer>
}

/**
 * Why a message is refused before its body is read: 415 for another content type than ucanto's
 * clients send, to the letter, 406 when they would not take the answer. Undefined when it is not.
 *
 * @example
 * negotiate(new Headers({ 'content-type': 'text/plain' }))?.status // 415
 */
export function negotiate(fields: Fields): ServiceAnswer | undefined {
  const headers = {
    'content-type': fields.get('content-type') ?? '',
    accept: fields.get('accept') ?? '*/*',
  }
  const { error } = inbound.accept({ headers, body: new Uint8Array() as never })
  if (error === undefined) return undefined
  const { status, message = '', headers: extra = {} } = error
  return textAnswer(status, message, Object.entries(extra))
}

/**
 * Opens the front door.
 *
 * @example
 * const door = await openFrontDoor(deps)
 * const answer = await door.answer(body, AbortSignal.timeout(10_000))
 */
export async function openFrontDoor(deps: FrontDoorDeps): Promise<FrontDoor> {
  const abilities = [
    accessDelegate(deps),
    accessClaim(deps),
    ucanRevoke(deps),
    ucanAttest(deps),
    ...(deps.abilities ?? []),
  ]
  const batched = new Set(deps.batchAbilities?.map(({ can }) => can))
  const tasks = new Tasks(deps, await trustAttesters(deps), abilities)
  return {
    async answer(body, signal) {
      const message = readMessage(body, deps.hasher, batched)
      if (message.error)
        return textAnswer(400, `Bad request: Malformed payload - ${message.error.message}`)
      const receipts = await tasks.receiptsOf(message.ok, new Effort(signal))
      return carAnswer(encodeReport(receipts, deps.hasher), 'no-store')
    },
  }
}
