/**
 * Port of the denylist: what this deployment does not serve, whoever asks.
 * @module
 */
import type { Link } from '../link.ts'

/** Why something is denied: by the operator's policy (410) or by law (451). */
export type DenyKind = 'policy' | 'legal'

/** Something is denied. */
export interface DenyVerdict {
  readonly kind: DenyKind
  /** Which list says so: for the log, never for a client. */
  readonly reason: string
}

/**
 * Denied content, paths and names, in memory: checks neither wait nor fail. A change of what is
 * denied is in force within a second, and seen by `generation`.
 *
 * A check answers `allowed` when a rule makes an exception of exactly this.
 */
export interface Denylist {
  /** Another number whenever anything may be denied that was not, or the other way round. */
  readonly generation: number
  /** Nothing is denied: no check need be made. */
  readonly empty: boolean
  /** `link`, and the names below it that are asked for, decoded; none for the block itself. */
  content(link: Link, segments: readonly string[]): DenyVerdict | 'allowed' | undefined
  /**
   * A mutable name in any text form (IPNS or DNS), and the names below it. What is below a denied
   * name is denied, unless it is excepted.
   */
  name(text: string, segments: readonly string[]): DenyVerdict | 'allowed' | undefined
}

/** A list that denies nothing and never changes. */
export const noDenylist: Denylist = {
  generation: 0,
  empty: true,
  content: () => undefined,
  name: () => undefined,
}
