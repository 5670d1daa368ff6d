/**
 * Settings of a journal on files, and the error that ends it.
 * @module
 */
import { FRAME_HEADER_BYTES } from '@turnpike/core/log/frame'
import {
  FRAME_BYTES_MAX,
  JOURNAL_FILE_BYTES_MAX,
  JOURNAL_GROUP_BYTES_MAX,
  JOURNAL_LEND_MS,
  JOURNAL_OPEN_READS_MAX,
  JOURNAL_RESERVE_BYTES,
  JOURNAL_ROOM_RETRY_MS,
} from '@turnpike/core/limits/log'
import { nodeDisk } from './disk.ts'
import type { Disk } from './disk.ts'

/** Worst case of one read: its group, alone in a frame. */
export const READ_BYTES_MAX: number = JOURNAL_GROUP_BYTES_MAX + FRAME_HEADER_BYTES

/** What was admitted can't be recorded: the process must end its answers and stop. */
export class JournalFailed extends Error {
  override readonly name = 'JournalFailed'
  constructor(cause: unknown) {
    super(`journal expected to write what it admitted, got ${String(cause)}; stop and restart`, {
      cause,
    })
  }
}

/** How to open a journal. Sizes are those of `limits.ts` unless told otherwise. */
export interface JournalOptions {
  /** The slot's folder; nobody else writes to it. */
  readonly folder: string
  /** Called once, at the first I/O error on what was admitted. From then on nothing is admitted. */
  readonly onFailure: (error: JournalFailed) => void
  readonly fileBytes?: number
  readonly frameBytes?: number
  /** 0 for slots whose sequencer has its reserve elsewhere. */
  readonly reserveBytes?: number
  readonly openReadsMax?: number
  readonly roomRetryMs?: number
  readonly reserveLendMs?: number
  readonly disk?: Disk
}

/** Options with every default filled in. */
export type JournalSettings = Required<JournalOptions>

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when the sizes do not go together
 * @example
 * settingsOf({ folder: 'data/journal/0', onFailure: stop }).fileBytes // 16 MiB
 */
export function settingsOf(options: JournalOptions): JournalSettings {
  const settings = {
    fileBytes: JOURNAL_FILE_BYTES_MAX,
    frameBytes: FRAME_BYTES_MAX,
    reserveBytes: JOURNAL_RESERVE_BYTES,
    openReadsMax: JOURNAL_OPEN_READS_MAX,
    roomRetryMs: JOURNAL_ROOM_RETRY_MS,
    reserveLendMs: JOURNAL_LEND_MS,
    disk: nodeDisk,
    ...options,
  }
  const { frameBytes, fileBytes } = settings
  if (frameBytes < READ_BYTES_MAX || frameBytes > FRAME_BYTES_MAX)
    throw new RangeError(
      `"frameBytes" expected ${READ_BYTES_MAX}..${FRAME_BYTES_MAX}, got ${frameBytes}`,
    )
  if (fileBytes < 2 * frameBytes)
    throw new RangeError(`"fileBytes" expected >= ${2 * frameBytes}, got ${fileBytes}`)
  return settings
}
