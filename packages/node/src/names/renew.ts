/**
 * Signing own names anew while their owner runs.
 * @module
 */
import { NAME_RENEW_MS } from '@turnpike/core/limits'
import { renewNames, type PublishContext } from './publish.ts'

/** Looks at once, and every minute. A look that fails is made again a minute later. */
export class Renewing {
  readonly #timer: NodeJS.Timeout
  #look: Promise<unknown> | undefined

  constructor(context: PublishContext) {
    const look = (): void => {
      // One at a time: a look that takes longer than a minute takes the place of the next.
      this.#look ??= renewNames(context)
        .catch(() => 0)
        .finally(() => (this.#look = undefined))
    }
    this.#timer = setInterval(look, NAME_RENEW_MS)
    look()
  }

  /** Looks no more, and resolves when the last look is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#look
  }
}
