/**
 * From words on the command line to a verb's invocation.
 * @module
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { nearest } from '@turnpike/node/config/nearest'
import { flagOf, SETTINGS, type SettingName } from '@turnpike/node/config/settings'
import { UsageRefused, type Verb } from './verb.ts'

/** Options that every verb has. */
export const COMMON_OPTIONS = {
  json: { doc: 'Print the result as one JSON object, the last line of stdout.' },
  help: { doc: 'Say what the verb does and takes.' },
} as const

/** A command line taken apart. */
export interface Parsed {
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, string | true | undefined>>
  readonly flags: Readonly<Partial<Record<SettingName, string | boolean>>>
  readonly json: boolean
  readonly help: boolean
}

/**
 * Parses what stands after the verb. A setting that is on or off may be `--name`, `--no-name`, or
 * `--name=true`.
 *
 * @throws {UsageRefused} when something in it is unknown, missing or too much
 */
export function parseVerb(verb: Verb, words: readonly string[]): Parsed {
  const { values, positionals } = parseWords(verb, words)
  const flags: Partial<Record<SettingName, string | boolean>> = {}
  for (const name of verb.settings) {
    const value = values[flagOf(name)]
    if (value !== undefined) flags[name] = Array.isArray(value) ? value.join(',') : value
    if (values[`no-${flagOf(name)}`] === true) flags[name] = 'false'
  }
  const help = values.help === true
  if (!help) checkOperands(verb, positionals)
  const own = Object.keys(verb.options).map((name) => [name, values[name]] as const)
  return {
    args: positionals,
    options: Object.fromEntries(own.filter(([, value]) => value !== false)) as Parsed['options'],
    flags,
    json: values.json === true,
    help,
  }
}

/** What stands after flags; several for one that may be given several times. */
type Values = Readonly<Record<string, string | boolean | string[] | undefined>>

function parseWords(
  verb: Verb,
  words: readonly string[],
): { values: Values; positionals: readonly string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, { value }] of Object.entries(verb.options))
    options[name] = { type: value === undefined ? 'boolean' : 'string' }
  for (const name of verb.settings) {
    const { isFlag, isList = false } = SETTINGS[name].kind
    options[flagOf(name)] = { type: isFlag ? 'boolean' : 'string', multiple: isList }
    if (isFlag) options[`no-${flagOf(name)}`] = { type: 'boolean' }
  }
  // `--flag=true` for what is on or off: parseArgs takes no value for it.
  const plain = words.map((word) => {
    const match = /^--([a-z-]+)=(true|false)$/.exec(word)
    if (match === null || options[match[1]!]?.type !== 'boolean') return word
    return match[2] === 'true' ? `--${match[1]}` : `--no-${match[1]}`
  })
  try {
    const parsed = parseArgs({ args: plain, options, allowPositionals: true, strict: true })
    return { values: parsed.values as Values, positionals: parsed.positionals }
  } catch (error) {
    throw new UsageRefused(explain(error as Error, Object.keys(options)))
  }
}

function explain(error: Error, known: readonly string[]): string {
  const unknown = /Unknown option '(--?[^']+)'/.exec(error.message)?.[1]
  if (unknown === undefined) return error.message
  const meant = nearest(unknown.replace(/^-+/, ''), known)
  return `unknown option ${unknown}${meant === undefined ? '' : `; did you mean --${meant}?`}`
}

function checkOperands(
  { name, operands, operandsMin, operandsMax }: Verb,
  got: readonly string[],
): void {
  if (got.length >= operandsMin && got.length <= operandsMax) return
  const expected = operands === '' ? 'nothing after it' : operands
  const came = got.length === 0 ? 'nothing' : got.join(' ').slice(0, 200)
  throw new UsageRefused(`"${name}" expected ${expected}, got ${came}`)
}
