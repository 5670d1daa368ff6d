/**
 * Crashes at any call of a port, before it took place or after.
 * @module
 */

/** The process is gone. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Counts calls of what it wraps, and crashes at one of them. */
export class Crashes {
  #left = Number.POSITIVE_INFINITY
  #isAfter = false

  /** Crashes at the `n`th call from now, once. */
  plan(n: number, isAfter: boolean): void {
    this.#left = n
    this.#isAfter = isAfter
  }

  /** No crash is planned any more. */
  clear(): void {
    this.#left = Number.POSITIVE_INFINITY
  }

  /** Runs a call. */
  run<T>(call: () => T): T {
    const isNow = this.#left-- <= 0
    if (!isNow) return call()
    this.clear()
    if (!this.#isAfter) throw new Crash('before')
    const result = call()
    // What is asynchronous has begun, and ends behind the back of who crashed.
    if (result instanceof Promise) return result.then(() => Promise.reject(new Crash('after'))) as T
    throw new Crash('after')
  }

  /** A port whose every call may crash. */
  wrap<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => this.run(() => value.apply(target, args))
      },
    })
  }
}
