/**
 * Leave to read that may end while a body is sent.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { LEASE_CHECK_MS } from '@turnpike/core/limits'
import type { Authorizer, SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { DENY } from '@turnpike/core/log/entry'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import type { Representation } from './format/serve.ts'
import { notFound } from './locate.ts'

/** A space let a body be sent and no longer does: it expired, or somebody revoked it. */
export class LeaveEnded extends Error {
  override readonly name = 'LeaveEnded'
  readonly space: SpaceDid
  constructor(space: SpaceDid) {
    super(`leave of ${space} expected to hold until the body was sent, ended before`)
    this.space = space
  }
}

/** What a lease asks. */
export interface LeaseDeps {
  readonly authorizer: Authorizer
  readonly clock: Clock
}

/** What one read was let read, and by which token. */
export class Lease {
  readonly space: SpaceDid
  readonly #deps: LeaseDeps
  readonly #token: string | undefined
  #checkedAtMs: number

  constructor(deps: LeaseDeps, space: SpaceDid, token: string | undefined) {
    this.#deps = deps
    this.space = space
    this.#token = token
    this.#checkedAtMs = deps.clock.monotonicMs()
  }

  /**
   * Whether the space still allows it. It is asked at most every quarter of a second, so that each
   * chunk may be checked.
   */
  holds(): Awaitable<boolean> {
    const { authorizer, clock } = this.#deps
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#checkedAtMs < LEASE_CHECK_MS) return true
    this.#checkedAtMs = nowMs
    const verdict = authorizer.authorize(this.space, this.#token)
    if (!(verdict instanceof Promise)) return verdict.error === undefined
    return verdict.then(({ error }) => error === undefined)
  }
}

/** A body that fails, and so breaks its connection, once its lease has ended. */
export function leasedBody(source: BodySource, lease: Lease): BodySource {
  return {
    length: source.length,
    open(signal) {
      const reader = source.open(signal)
      const judged = (chunk: Uint8Array | null, holds: boolean): Uint8Array | null => {
        if (holds) return chunk
        reader.close()
        throw new LeaveEnded(lease.space)
      }
      // Checked when the chunk is there: it may have been waited for, for long.
      const check = (chunk: Uint8Array | null): Awaitable<Uint8Array | null> => {
        const holds = lease.holds()
        if (!(holds instanceof Promise)) return judged(chunk, holds)
        return holds.then((still) => judged(chunk, still))
      }
      const read = (): Awaitable<Uint8Array | null> => {
        const chunk = reader.read()
        return chunk instanceof Promise ? chunk.then(check) : check(chunk)
      }
      return { read, close: () => reader.close() }
    },
  }
}

/** An answer that ends with the leave that it stands on, be it before its first byte or later. */
export async function leased(
  served: Result<Representation, Error>,
  lease: Lease | undefined,
): Promise<Result<Representation, Error>> {
  if (served.error || lease === undefined) return served
  const { body } = served.ok
  if (await lease.holds()) return ok({ ...served.ok, body: leasedBody(body, lease) })
  // Its first chunk was read already, and holds buffers.
  body.open(AbortSignal.abort()).close()
  return fail(notFound(DENY.authorization))
}
