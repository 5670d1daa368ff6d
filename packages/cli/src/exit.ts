/**
 * Exit codes, and which error has which.
 * @module
 */

/** What a command's exit code says; docs/reference/cli.md has the same table. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command line or a setting is wrong; nothing was done. */
  usage: 2,
  /** What was named is not there. */
  missing: 3,
  /** Somebody else holds the data folder; the same command may succeed later. */
  busy: 4,
  /** Stopped by Ctrl-C before it was done: 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const

/** Any of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const BY_NAME: Readonly<Record<string, ExitCode>> = {
  UsageRefused: EXIT.usage,
  SettingRefused: EXIT.usage,
  UsageQueryRefused: EXIT.usage,
  InvalidParams: EXIT.usage,
  InvalidPeriod: EXIT.usage,
  InvalidCreditPolicy: EXIT.usage,
  SplitUnknown: EXIT.usage,
  InvalidStripeId: EXIT.usage,
  NameRefused: EXIT.usage,
  RootUnknown: EXIT.missing,
  NameNotFound: EXIT.missing,
  FolderMissing: EXIT.missing,
  AccountUnknown: EXIT.missing,
  AccountNotFound: EXIT.missing,
  SpaceUnauthorized: EXIT.missing,
  SpaceUnknown: EXIT.missing,
  SpaceKeyMissing: EXIT.missing,
  DenyUnknown: EXIT.missing,
  FolderInUse: EXIT.busy,
  FolderBusy: EXIT.busy,
  WitnessBusy: EXIT.busy,
  PortTaken: EXIT.busy,
  AddAborted: EXIT.interrupted,
}

/**
 * Exit code of an error, by its name.
 *
 * @example
 * exitCodeOf(new UsageRefused('…')) // 2
 */
export function exitCodeOf(error: Error): ExitCode {
  if (Object.hasOwn(BY_NAME, error.name)) return BY_NAME[error.name]!
  return (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT'
    ? EXIT.missing
    : EXIT.failed
}
