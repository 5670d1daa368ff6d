/**
 * What a verb is: its words for `--help`, what it takes, and what it does.
 * @module
 */
import type { LoadedSettings } from '@turnpike/node/config/load'
import type { SettingName, Settings } from '@turnpike/node/config/settings'
import type { ExitCode } from './exit.ts'
import type { Output } from './output.ts'

/** An option that only this verb has. */
export interface Option {
  /** What stands for its value in `--help`; without one, it stands alone. */
  readonly value?: string
  readonly doc: string
}

/** A verb as it was called. */
export interface Invocation {
  readonly args: readonly string[]
  /** Values of the verb's own options: text, or true for one that stands alone. */
  readonly options: Readonly<Record<string, string | true | undefined>>
  readonly loaded: LoadedSettings
  readonly output: Output
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
}

/** One verb of the command line. */
export interface Verb {
  /** The word that calls it; for one of a group both words, such as `name publish`. */
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** What stands after the verb, such as `PATH…`; empty for nothing. */
  readonly operands: string
  readonly operandsMin: number
  readonly operandsMax: number
  readonly options: Readonly<Record<string, Option>>
  /** Settings that it takes as flags. All settings are read from the other places anyway. */
  readonly settings: readonly SettingName[]
  /** Defaults that differ from the settings' own. */
  readonly defaults?: Partial<Settings>
  /** Command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  run(invocation: Invocation): Promise<ExitCode>
}

/** Verbs about one thing, called by two words: `turnpike name publish`. */
export interface VerbGroup {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** In the order in which help lists them; each name begins with the group's. */
  readonly verbs: readonly Verb[]
}

/** The command line makes no sense; nothing was done. */
export class UsageRefused extends Error {
  override readonly name = 'UsageRefused'
}
