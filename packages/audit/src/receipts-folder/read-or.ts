/**
 * Reading what may be damaged.
 * @module
 */
import { BadCbor } from '../cbor.ts'
import type { Findings } from '../findings.ts'
import { StateUnreadable } from '../log-folder.ts'
import { BadNote } from '../note.ts'

/**
 * What `read` says of the file at `where`; undefined, and a difference, when it is not what was
 * written.
 */
export function readOr<T>(where: string, findings: Findings, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const isDamage =
      error instanceof BadCbor || error instanceof BadNote || error instanceof StateUnreadable
    if (!isDamage) throw error
    findings.add(where, 'what was written', error.message)
    return undefined
  }
}
