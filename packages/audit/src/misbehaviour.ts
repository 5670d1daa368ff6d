/**
 * What shows that a log's operator said two things that can't both be true: a file of JSON that
 * anybody can check, since the operator signed both (docs/reference/statement-bundle.md).
 * @module
 */

/** Type of such a file. */
export const MISBEHAVIOUR_TYPE = 'turnpike-misbehaviour/v1'

/** What each rule needs as evidence. Notes are text, hashes and entries base64. */
export interface Evidence {
  /** Two checkpoints of one size, with different roots. */
  readonly 'split-view': {
    readonly key: string
    readonly checkpoints: readonly [string, string]
  }
  /** Two checkpoints whose trees have different leaves in one place. */
  readonly rewritten: {
    readonly key: string
    readonly checkpoints: readonly [string, string]
    readonly index: number
    /** The leaf's hash under each of them, and the proof of that. */
    readonly leaves: readonly [string, string]
    readonly proofs: readonly [readonly string[], readonly string[]]
  }
  /** Two checkpoints, of which the later has another tree below the size of the earlier. */
  readonly fork: {
    readonly key: string
    readonly checkpoints: readonly [string, string]
    /** Root of the later one's first entries, as many as the earlier has; and the proof of that. */
    readonly root: string
    readonly proof: readonly string[]
  }
  /** Two `.root` or `.final` files of one epoch that differ. */
  readonly epoch: { readonly key: string; readonly files: readonly [string, string] }
  /** A `.root` file, and a checkpoint of that size with another root. */
  readonly root: { readonly key: string; readonly file: string; readonly checkpoint: string }
  /** A signed statement bundle that does not hold: the bundle as it was made. */
  readonly statement: { readonly bundle: object }
  /** Two signed statement bundles that bill the same hours of one space. */
  readonly 'billed-twice': { readonly bundles: readonly [object, object] }
}

/** Name of a rule. */
export type Rule = keyof Evidence

/** A proof of misbehaviour. */
export interface Misbehaviour<R extends Rule = Rule> {
  readonly type: typeof MISBEHAVIOUR_TYPE
  readonly rule: R
  readonly evidence: Evidence[R]
}

/**
 * A proof of misbehaviour; `JSON.stringify` makes its file.
 *
 * @example
 * const proof = misbehaviour('split-view', { key, checkpoints: [seen, now] })
 */
export function misbehaviour<R extends Rule>(rule: R, evidence: Evidence[R]): Misbehaviour<R> {
  return { type: MISBEHAVIOUR_TYPE, rule, evidence }
}
