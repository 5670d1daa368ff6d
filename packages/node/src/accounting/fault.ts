/**
 * How accounting says that it can't go on, on either side of a thread.
 * @module
 */

/** Accounting stands still. Reads go on into the journal and are not lost. */
export class AccountingStopped extends Error {
  override readonly name = 'AccountingStopped'
  /** Name of the error that stopped it: `ClockJumped`, `LogCorrupt`, `LogLocked`, … */
  readonly reason: string
  constructor(reason: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

/**
 * Any error as {@link AccountingStopped}.
 *
 * @example
 * const work = await catchUp().catch((error) => fail(stoppedBy(error)))
 */
export function stoppedBy(error: unknown): AccountingStopped {
  if (error instanceof AccountingStopped) return error
  if (!(error instanceof Error)) return new AccountingStopped('Error', String(error), error)
  return new AccountingStopped(error.name, error.message, error)
}

/** Whether an error says that the disk is full, from a file or from SQLite. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as { readonly code?: string; readonly errcode?: number }
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === SQLITE_FULL
}

const SQLITE_FULL = 13
