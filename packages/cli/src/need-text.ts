/**
 * Options that a verb can't do without.
 * @module
 */
import { UsageRefused, type Invocation } from './verb.ts'

/**
 * The value of an option that must be given.
 *
 * @throws {UsageRefused} when it is not
 * @example
 * const id = needText(options, 'id')
 */
export function needText(options: Invocation['options'], name: string): string {
  const value = options[name]
  if (typeof value === 'string' && value !== '') return value
  throw new UsageRefused(`--${name} expected: it names this, so that it counts once`)
}
