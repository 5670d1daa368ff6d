/**
 * Rules of a `_redirects` file, as the parser makes them and the matcher reads them.
 * Source: Web _redirects File specification.
 * @module
 */

/** Statuses that a rule may give, in the order of the specification (section 2.3). */
export const REDIRECT_STATUSES = [200, 301, 302, 303, 307, 308, 404, 410, 451] as const

/** A status that a rule may give. */
export type RedirectStatus = (typeof REDIRECT_STATUSES)[number]

/** A name for what stands in the request in its place. */
export interface Placeholder {
  readonly placeholder: string
}

/** A parameter that the request's query must have, with this value or any. */
export interface QueryTest {
  readonly key: string
  readonly value: string | Placeholder
}

/** Placeholder of the target, and whether its value is escaped for a path or for a query. */
export interface TargetPlaceholder extends Placeholder {
  readonly where: 'path' | 'query'
}

/** Where a rule leads. */
export interface RedirectTarget {
  /** `https://host`, or empty for a path of the site itself. */
  readonly origin: string
  /** Path, query and fragment: escaped text and placeholders in turn. */
  readonly parts: readonly (string | TargetPlaceholder)[]
}

/** One rule. */
export interface RedirectRule {
  /** Its line in the file, from 1. */
  readonly line: number
  /** Names of the path, decoded, that must match one by one. */
  readonly from: readonly (string | Placeholder)[]
  /**
   * Present when `from` ends with `*`: what the next name must start with. It and all that follow
   * are then `:splat`.
   */
  readonly splatPrefix: string | undefined
  readonly query: readonly QueryTest[]
  readonly to: RedirectTarget
  readonly status: RedirectStatus
}

/** A `_redirects` file is there, but is not one that the specification allows. */
export class RedirectsFileInvalid extends Error {
  override readonly name = 'RedirectsFileInvalid'
  /** Line of the fault, from 1; undefined when it is the file's as a whole. */
  readonly line: number | undefined
  constructor(what: string, line?: number) {
    super(`could not parse _redirects: ${line === undefined ? '' : `line ${line}: `}${what}`)
    this.line = line
  }
}
