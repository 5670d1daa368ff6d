/**
 * Why a blob could not be stored.
 * @module
 */

/** The disk did not take a blob. Nothing of it is visible. */
export class StoreFault extends Error {
  override readonly name: 'StoreFull' | 'StoreFailed'
  constructor(name: StoreFault['name'], message: string, cause: unknown) {
    super(message, { cause })
    this.name = name
  }
}

/** What a failed file operation means: a full disk or quota is told apart, for it passes. */
export function storeFault(cause: unknown): StoreFault {
  const code = (cause as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? noRoom(cause)
    : new StoreFault('StoreFailed', `the blob could not be written: ${String(cause)}`, cause)
}

/** The disk has no room, whoever noticed. */
export function noRoom(cause: unknown): StoreFault {
  return new StoreFault('StoreFull', 'no room on the disk: free some and try again', cause)
}
