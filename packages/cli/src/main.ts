/**
 * The command line: finds the verb, runs it, turns what goes wrong into words and an exit code.
 * @module
 */
import { loadSettings } from '@turnpike/node/config/load'
import { nearest } from '@turnpike/node/config/nearest'
import { EXIT, exitCodeOf, type ExitCode } from './exit.ts'
import { generalHelp, verbHelp } from './help.ts'
import { Output } from './output.ts'
import { parseVerb } from './parse.ts'
import { untilInterrupted } from './signals.ts'
import { UsageRefused, type Verb } from './verb.ts'
import { VERBS } from './verbs.ts'
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
    return help(rest[0], output)
  if (word === '--version' || word === '-v' || word === 'version') return showVersion(output)
  const verb = findVerb(word, output)
  if (verb === undefined) return EXIT.usage
  const interrupt = untilInterrupted()
  try {
    return await runVerb(verb, rest, output, interrupt.signal)
  } catch (error) {
    return report(error, output, verb)
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
  if (asked) return helpOn(verb, output)
  const defaults = verb.defaults ?? {}
  const loaded = loadSettings({ flags, env: process.env, defaults })
  if (loaded.error) throw loaded.error
  return verb.run({ args, options, loaded: loaded.ok, output, signal })
}

function findVerb(word: string, output: Output): Verb | undefined {
  const verb = VERBS.find(({ name }) => name === word)
  if (verb !== undefined) return verb
  const meant = nearest(
    word,
    VERBS.map(({ name }) => name),
  )
  const hint = meant === undefined ? 'see turnpike help' : `did you mean "${meant}"?`
  output.note(`turnpike: "${word}" is not a verb; ${hint}`)
  output.result({ error: { name: 'UsageRefused', message: `"${word}" is not a verb` } })
  return undefined
}

function help(word: string | undefined, output: Output): ExitCode {
  if (word === undefined || word.startsWith('-')) {
    output.line(generalHelp(VERBS))
    output.result({ verbs: VERBS.map(({ name, summary }) => ({ name, summary })) })
    return EXIT.ok
  }
  const verb = findVerb(word, output)
  return verb === undefined ? EXIT.usage : helpOn(verb, output)
}

function helpOn(verb: Verb, output: Output): ExitCode {
  output.line(verbHelp(verb))
  output.result({ help: verbHelp(verb) })
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
