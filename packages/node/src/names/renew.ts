/**
 * Signing own names and claims anew while a deployment runs.
 * @module
 */
import { NAME_RENEW_MS } from '@turnpike/core/limits/names'
import type { Operation } from '../control/server.ts'

/** Has the folder's owner look at once, and every minute. A look that fails is made again then. */
export class Renewing {
  readonly #timer: NodeJS.Timeout
  #look: Promise<void> | undefined

  /**
   * @param renew the owner's operation: `nameRenew`, `claimsIssue`
   * @param onFault hears of a look that failed
   */
  constructor(renew: Operation, onFault: (error: unknown) => void, params: object = {}) {
    const { signal } = new AbortController()
    const look = async (): Promise<void> => {
      try {
        const { error } = await renew(params, { signal, progress() {} })
        if (error !== undefined) onFault(error)
      } catch (error) {
        onFault(error)
      }
      this.#look = undefined
    }
    // One at a time: a look that takes longer than a minute takes the place of the next.
    this.#timer = setInterval(() => (this.#look ??= look()), NAME_RENEW_MS)
    this.#look = look()
  }

  /** Looks no more, and resolves when the last look is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#look
  }
}
