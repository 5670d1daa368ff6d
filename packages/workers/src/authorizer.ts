/**
 * The `Authorizer` port on a published deployment.
 * @module
 */
import {
  Unauthorized,
  type Authorization,
  type Authorizer,
  type SpaceDid,
} from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { Deployment } from './deployment.ts'

/**
 * Lets a space be served that the deployment grants at this moment. Grants were checked when they
 * were published; a change is in force when the deployment is read anew, within half a second.
 */
export class PublishedGrants implements Authorizer {
  readonly #deployment: Deployment
  readonly #clock: Clock

  constructor(deployment: Deployment, clock: Clock) {
    this.#deployment = deployment
    this.#clock = clock
  }

  async authorize(
    space: SpaceDid,
    _token: string | undefined,
  ): Promise<Result<Authorization, Unauthorized>> {
    const { grants } = await this.#deployment.current()
    const nowMs = this.#clock.nowMs()
    let untilMs = -Infinity
    for (const { startsMs = -Infinity, expiresMs = Infinity } of grants.get(space) ?? [])
      if (startsMs <= nowMs && expiresMs > nowMs) untilMs = Math.max(untilMs, expiresMs)
    if (untilMs === -Infinity)
      return fail(new Unauthorized(space, `${space} has not let this gateway serve its content`))
    return ok({ space, expiresMs: untilMs === Infinity ? undefined : untilMs, byToken: false })
  }
}
