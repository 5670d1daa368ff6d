/**
 * Cases of a contract suite: what every adapter of a port must do, in any runtime and under any
 * test runner.
 * @module
 */

/** One promise of a port. `run` rejects when `subject`, fresh and empty, doesn't keep it. */
export interface ContractCase<Port> {
  /** The behaviour, as a sentence. */
  readonly name: string
  readonly run: (subject: Port) => Promise<void>
}

/**
 * Throws unless `holds`.
 *
 * @throws {Error} with `message`, which says what was expected
 * @example
 * expect(value === 5, `expected 5, got ${value}`)
 */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}
