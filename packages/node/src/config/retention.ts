/**
 * Settings of how long details are kept. What is billed, and its proofs, stays for ever.
 * @module
 */
import { RETENTION_DAYS_MAX } from '@turnpike/core/limits/log'
import { integer } from './kinds.ts'
import type { Setting } from './settings.ts'

/** How long details are kept, in days; 0 for ever. */
export interface RetentionSettings {
  readonly logEntriesDays: number
  readonly usageCidDays: number
}

/** Their part of the table of settings. */
export const RETENTION: {
  readonly [K in keyof RetentionSettings]: Setting<RetentionSettings[K]>
} = {
  logEntriesDays: {
    kind: integer(0, RETENTION_DAYS_MAX),
    default: 0,
    doc:
      'Days after which the entries of an hour leave the log, each read on its own; 0 keeps ' +
      'them. What the hour adds up to stays, with its proof, and so do hashes: usage, ' +
      'statements and audits say the same. A read can be voided only while its entry is there.',
  },
  usageCidDays: {
    kind: integer(0, RETENTION_DAYS_MAX),
    default: 0,
    doc:
      'Days for which the ledger remembers which CIDs were read (`turnpike usage --by cid`); 0 ' +
      'for ever. Sums by space and time stay.',
  },
}
