/**
 * What a monitor finds wrong.
 * @module
 */
import type { Misbehaviour } from '../misbehaviour.ts'

/** What is wrong, where, and if the log's own signatures show it, the proof. */
export interface Finding {
  readonly rule:
    | 'split-view'
    | 'fork'
    /** The log is shorter than it was. */
    | 'behind'
    /** Hash tiles don't lead to what is signed. */
    | 'tiles'
    /** A file is not what it has to be, is not signed, or is gone. */
    | 'file'
    /** Epochs don't follow each other, or one of them has two files. */
    | 'epoch'
    /** An anchor does not hold what the log says. */
    | 'anchor'
  /** Files, or who showed what. */
  readonly where: string
  readonly message: string
  readonly proof?: Misbehaviour
}
