/**
 * Expected outcomes as values: `{ ok }` or `{ error }`, the shape that ucanto uses.
 * @module
 */

/** An operation's outcome. `ok` is never null or undefined, so truthiness tells the two apart. */
export type Result<T extends NonNullable<unknown>, X extends Error = Error> =
  | { readonly ok: T; readonly error?: undefined }
  | { readonly error: X; readonly ok?: undefined }

/** The `ok` of an operation that has nothing to say. */
export type Unit = Record<never, never>

/** A value now or later. Callers `await` it either way. */
export type Awaitable<T> = T | Promise<T>

/**
 * Wraps a value as success.
 *
 * @example
 * const result = ok(5)
 */
export function ok<const T extends NonNullable<unknown>>(value: T): { readonly ok: T } {
  return { ok: value }
}

/**
 * Wraps an error as an expected failure.
 *
 * @example
 * const result = fail(new RangeError('"size" expected >= 0, got -1'))
 */
export function fail<X extends Error>(error: X): { readonly error: X } {
  return { error }
}
