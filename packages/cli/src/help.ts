/**
 * `--help`: made from the verbs and the table of settings.
 * @module
 */
import { flagOf, SETTINGS, type SettingName } from '@turnpike/node/config/settings'
import { COMMON_OPTIONS } from './parse.ts'
import type { Verb, VerbGroup } from './verb.ts'

const COLUMNS = 80
const INDENT = 4

/** The list of verbs. */
export function generalHelp(verbs: readonly Summary[]): string {
  return `turnpike serves content by what it is, and accounts for what it serves.

turnpike VERB [OPTION…]

${listOf(verbs)}

turnpike VERB --help says more about a verb.`
}

/** All about a group: the list of its verbs. */
export function groupHelp({ name, summary, verbs }: VerbGroup): string {
  return `turnpike ${name} VERB [OPTION…]

${summary}

${listOf(verbs)}

turnpike ${name} VERB --help says more about a verb.`
}

type Summary = Pick<Verb, 'name' | 'summary'>

function listOf(verbs: readonly Summary[]): string {
  const width = Math.max(...verbs.map(({ name }) => name.length))
  return verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')
}

/** All about one verb. */
export function verbHelp(verb: Verb): string {
  const options = Object.entries({ ...verb.options, ...COMMON_OPTIONS }).map(([name, option]) => {
    const value = 'value' in option && option.value !== undefined ? ` ${option.value}` : ''
    return entry(`--${name}${value}`, option.doc)
  })
  const parts = [
    `turnpike ${verb.name}${verb.operands === '' ? '' : ` ${verb.operands}`} [OPTION…]`,
    verb.summary,
    `Options\n${options.join('\n')}`,
  ]
  if (verb.settings.length > 0)
    parts.push(`Settings (turnpike config says where each comes from)\n${settingsOf(verb)}`)
  const examples = verb.examples.map(([line, does]) => `${commandLine(line)}\n${wrap(does)}`)
  parts.push(`Examples\n${examples.join('\n')}`)
  return parts.join('\n\n')
}

function settingsOf(verb: Verb): string {
  return verb.settings.map((name) => settingEntry(name, verb)).join('\n')
}

function settingEntry(name: SettingName, { defaults = {} }: Verb): string {
  const { kind, doc, default: usual } = SETTINGS[name] as (typeof SETTINGS)['port']
  const value = (defaults[name] as number | undefined) ?? usual
  const shown = value === undefined ? '' : kind.show(value)
  const fallback = shown === '' || shown === '[]' ? '' : ` Default: ${shown}.`
  return entry(
    `--${flagOf(name)}${kind.isFlag ? '' : ' VALUE'}`,
    doc.replaceAll('`', '') + fallback,
  )
}

function entry(left: string, doc: string): string {
  return `  ${left}\n${wrap(doc)}`
}

/** Text in lines that a terminal has room for. */
function wrap(text: string): string {
  const lines = linesOf(text, COLUMNS - INDENT)
  return lines.map((line) => ' '.repeat(INDENT) + line).join('\n')
}

/** A command line that goes on in the next one where there is no room. */
function commandLine(line: string): string {
  return `  ${linesOf(line, COLUMNS - INDENT - ' \\'.length).join(' \\\n    ')}`
}

function linesOf(text: string, columns: number): readonly string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
