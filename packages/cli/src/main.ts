/**
 * The command line: finds the verb, runs it, turns what goes wrong into words and an exit code.
 * @module
 */
import { loadSettings } from '@turnpike/node/config/load'
import { EXIT, exitCodeOf, type ExitCode } from './exit.ts'
import { findVerb, type Asked } from './find-verb.ts'
import { generalHelp, groupHelp, verbHelp } from './help.ts'
import { Output } from './output.ts'
import { parseVerb } from './parse.ts'
import { untilInterrupted } from './signals.ts'
import { UsageRefused, type Verb } from './verb.ts'
import { allVerbs, verbsFor } from './verbs.ts'
import { version } from './version.ts'

/**
 * Runs one command line, without the program's own name, and resolves to its exit code.
 *
 * @example
 * process.exitCode = await main(process.argv.slice(2))
 */
export async function main(words: readonly string[]): Promise<ExitCode> {
  const { stdout, stderr, env } = process
  // Whoever reads our output may have enough of it, as `head` does.
  stdout.once('error', () => process.exit(EXIT.ok))
  const end = words.includes('--') ? words.indexOf('--') : words.length
  const json = words.slice(0, end).includes('--json')
  const output = new Output({ stdout, stderr, env, json })
  const [word, ...rest] = words
  if (word === undefined || word === '--help' || word === '-h' || word === 'help')
    return help(rest, output)
  if (word === '--version' || word === '-v' || word === 'version') return showVersion(output)
  const asked = findVerb(words, await verbsFor(word))
  if (!('verb' in asked)) return helpOn(asked, output)
  const interrupt = untilInterrupted()
  try {
    return await runVerb(asked.verb, asked.words, output, interrupt.signal)
  } catch (error) {
    return report(error, output, asked.verb)
  } finally {
    interrupt.end()
  }
}

async function runVerb(
  verb: Verb,
  words: readonly string[],
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { args, options, flags, help: asked } = parseVerb(verb, words)
  if (asked) return helpOn({ verb }, output)
  const defaults = verb.defaults ?? {}
  const loaded = loadSettings({ flags, env: process.env, defaults })
  if (loaded.error) throw loaded.error
  return verb.run({ args, options, loaded: loaded.ok, output, signal })
}

async function help(words: readonly string[], output: Output): Promise<ExitCode> {
  const [word] = words
  if (word !== undefined && !word.startsWith('-'))
    return helpOn(findVerb(words, await verbsFor(word)), output)
  const verbs = await allVerbs()
  output.line(generalHelp(verbs))
  output.result({ verbs: verbs.map(({ name, summary }) => ({ name, summary })) })
  return EXIT.ok
}

function helpOn(asked: Asked | { readonly verb: Verb }, output: Output): ExitCode {
  if ('refused' in asked) {
    const { message, hint } = asked.refused
    output.note(`turnpike: ${message}; ${hint}`)
    output.result({ error: { name: 'UsageRefused', message } })
    return EXIT.usage
  }
  const text = 'group' in asked ? groupHelp(asked.group) : verbHelp(asked.verb)
  output.line(text)
  output.result({ help: text })
  return EXIT.ok
}

function showVersion(output: Output): ExitCode {
  output.line(`turnpike ${version()}, Node ${process.versions.node}`)
  output.result({ version: version(), node: process.versions.node })
  return EXIT.ok
}

/** Says what went wrong, in words for a failure that was expected, with a stack for one of ours. */
function report(error: unknown, output: Output, verb: Verb): ExitCode {
  if (!(error instanceof Error)) throw error
  const code = exitCodeOf(error)
  const ours = error instanceof TypeError || error instanceof ReferenceError
  output.note(`turnpike ${verb.name}: ${ours ? (error.stack ?? error.message) : error.message}`)
  if (error instanceof UsageRefused) output.note(`See turnpike ${verb.name} --help.`)
  output.result({ error: { name: error.name, message: error.message } })
  return code
}
