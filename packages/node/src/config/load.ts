/**
 * Settings from flags, then the environment, then `turnpike.json`, then defaults.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SETTINGS_FILE_BYTES_MAX } from '@turnpike/core/limits'
import { fail, ok, type Result } from '@turnpike/core/result'
import { nearest } from './nearest.ts'
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from './settings.ts'
import type { Setting, SettingName, Settings } from './settings.ts'

/** Where a value came from, to be shown: `--port`, `TURNPIKE_PORT`, a file's path, `default`. */
export type SettingSource = string

/** All settings, each with its source. */
export interface LoadedSettings {
  readonly settings: Settings
  readonly sources: Readonly<Record<SettingName, SettingSource>>
}

/** A setting is unknown or malformed. */
export class SettingRefused extends Error {
  override readonly name = 'SettingRefused'
  readonly source: SettingSource
  constructor(source: SettingSource, message: string, cause?: unknown) {
    super(`${source}: ${message}`, cause === undefined ? undefined : { cause })
    this.source = source
  }
}

/** What settings are read from. */
export interface SettingInputs {
  /** Values of flags by setting; true for a flag that stands alone. */
  readonly flags: Readonly<Partial<Record<SettingName, string | boolean>>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Defaults of the verb that differ from the table's. */
  readonly defaults?: Partial<Settings>
}

/** Variables with our prefix that scale tests and benches and set nothing here. */
const NOT_SETTINGS = /^TURNPIKE_(?:TEST|FUZZ|BENCH)_/

/** The variable in which other gateways look for a map of names; ours wins over it. */
const SHARED_NAME_MAP = 'IPFS_NS_MAP'

/** A value as it was given: text from a flag or a variable, JSON from the file. */
interface Given {
  readonly source: SettingSource
  readonly raw: unknown
  readonly isJson: boolean
}

/**
 * Loads all settings. What is unknown or malformed is refused, wherever it stands, whether or not
 * something else would override it.
 *
 * @example
 * const loaded = loadSettings({ flags: { port: '8090' }, env: process.env })
 * if (loaded.ok) loaded.ok.sources.port // '--port'
 */
export function loadSettings(inputs: SettingInputs): Result<LoadedSettings, SettingRefused> {
  try {
    return ok(load(inputs))
  } catch (error) {
    if (error instanceof SettingRefused) return fail(error)
    throw error
  }
}

/**
 * Settings of the folder at `data` as its own file has them, whoever runs.
 *
 * @throws {SettingRefused} when the file is malformed
 * @example
 * defaultSettings('./data').workers // 1
 */
export function defaultSettings(data: string): Settings {
  return load({ flags: { data }, env: {} }).settings
}

function load({ flags, env, defaults = {} }: SettingInputs): LoadedSettings {
  const fromFlags = flagValues(flags)
  const fromEnv = environmentValues(env)
  const where = pick('data', [fromFlags, fromEnv])
  const data = where === undefined ? (defaults.data ?? SETTINGS.data.default) : read('data', where)
  const sourcesInOrder = [fromFlags, fromEnv, fileValues(join(data, 'turnpike.json'))]
  const settings: Record<string, unknown> = {}
  const sources: Record<string, SettingSource> = {}
  for (const name of SETTING_NAMES) {
    // All are read before one is chosen: what is malformed is refused also where it is overridden.
    const values = sourcesInOrder.map((given) => valueOf(name, given))
    const first = values.find((value) => value !== undefined)
    settings[name] = first?.value ?? defaults[name] ?? SETTINGS[name].default
    sources[name] = first?.source ?? 'default'
  }
  return {
    settings: Object.freeze(settings) as unknown as Settings,
    sources: sources as Record<SettingName, SettingSource>,
  }
}

type GivenValues = ReadonlyMap<SettingName, Given>

function pick(name: SettingName, inOrder: readonly GivenValues[]): Given | undefined {
  return inOrder.map((given) => given.get(name)).find((given) => given !== undefined)
}

function valueOf(
  name: SettingName,
  values: GivenValues,
): { value: unknown; source: SettingSource } | undefined {
  const given = values.get(name)
  return given === undefined ? undefined : { value: read(name, given), source: given.source }
}

/** Reads one value as its kind. */
function read<K extends SettingName>(name: K, given: Given): NonNullable<Settings[K]> {
  const { kind, secret } = SETTINGS[name] as unknown as Setting<Settings[K]>
  const value = given.isJson ? kind.fromJson(given.raw) : kind.fromText(String(given.raw))
  if (value !== undefined) return value
  const got = secret ? 'something else (hidden)' : shorten(JSON.stringify(given.raw))
  throw new SettingRefused(given.source, `expected ${kind.expected}, got ${got}`)
}

const SHOWN_CHARS_MAX = 100

function shorten(shown: string): string {
  return shown.length <= SHOWN_CHARS_MAX ? shown : `${shown.slice(0, SHOWN_CHARS_MAX)}…`
}

function flagValues(flags: SettingInputs['flags']): GivenValues {
  const given = new Map<SettingName, Given>()
  for (const name of SETTING_NAMES) {
    const raw = flags[name]
    if (raw !== undefined) given.set(name, { source: `--${flagOf(name)}`, raw, isJson: false })
  }
  return given
}

function environmentValues(env: SettingInputs['env']): GivenValues {
  const byVariable = new Map(SETTING_NAMES.map((name) => [variableOf(name), name]))
  const given = new Map<SettingName, Given>()
  for (const [variable, raw] of Object.entries(env)) {
    if (!variable.startsWith('TURNPIKE_') || NOT_SETTINGS.test(variable)) continue
    const name = byVariable.get(variable)
    if (name === undefined) throw unknown(variable, 'environment', [...byVariable.keys()], variable)
    given.set(name, { source: variable, raw, isJson: false })
  }
  const shared = env[SHARED_NAME_MAP]
  if (shared !== undefined && !given.has('nameMap'))
    given.set('nameMap', { source: SHARED_NAME_MAP, raw: shared, isJson: false })
  return given
}

function fileValues(file: string): GivenValues {
  const given = new Map<SettingName, Given>()
  const known = SETTING_NAMES.filter((name) => !SETTINGS[name].notInFile)
  for (const [name, raw] of Object.entries(readSettingsFile(file))) {
    const found = known.find((candidate) => candidate === name)
    if (found === undefined) throw unknown(name, file, known, file)
    given.set(found, { source: file, raw, isJson: true })
  }
  for (const [name, value] of given) given.set(name, { ...value, source: `${file}, "${name}"` })
  return given
}

function unknown(
  name: string,
  where: string,
  known: readonly string[],
  source: SettingSource,
): SettingRefused {
  const meant = nearest(name, known)
  const hint = meant === undefined ? 'see `turnpike config`' : `did you mean "${meant}"?`
  return new SettingRefused(source, `"${name}" is not a setting of the ${where}; ${hint}`)
}

function readSettingsFile(file: string): object {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    throw new SettingRefused(file, `expected a file that can be read, got ${code}`, error)
  }
  if (content.length > SETTINGS_FILE_BYTES_MAX)
    throw new SettingRefused(file, `expected at most ${SETTINGS_FILE_BYTES_MAX} characters`)
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // What the parser says would quote the file, which may hold secrets.
    throw new SettingRefused(file, 'expected JSON, got something that does not parse')
  }
  throw new SettingRefused(file, 'expected a JSON object of settings')
}
