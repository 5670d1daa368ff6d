/**
 * The page docs/reference/cli.md, made from the verbs.
 * @module
 */
import { SETTING_NAMES } from '@turnpike/node/config/settings'
import { groupHelp, verbHelp } from './help.ts'
import type { Verb, VerbGroup } from './verb.ts'
import { allVerbs } from './verbs.ts'

const HEAD = `# Command line

\`turnpike VERB [OPTION…]\`. In a clone, \`npx turnpike\` runs it on the pinned Node.

Results go to stdout, everything else (progress, the log, what went wrong) to stderr. With
\`--json\` the last line of stdout is one JSON object: the result, or
\`{"error":{"name","message"}}\`. Colour and progress show on a terminal only, and not with
\`NO_COLOR\`.

Commands that change or count something reach a running server through a socket in its data folder;
without a server they open the folder themselves.

Exit codes:

- 0: done; for \`serve\` and \`start\`, stopped as asked
- 1: failed; stderr says why
- 2: the command line or a setting is wrong; nothing was done
- 3: what was named is not there
- 4: somebody else holds the data folder or the port; the same may succeed later
- 130: stopped by Ctrl-C before it was done
`

/** Text of the page; a test keeps the file equal to it. */
export async function cliPage(): Promise<string> {
  return [HEAD, ...(await allVerbs()).flatMap(sectionsOf)].join('\n')
}

function sectionsOf(entry: Verb | VerbGroup): string[] {
  if (!('verbs' in entry)) return [section('##', entry.name, helpOf(entry))]
  const verbs = entry.verbs.map((verb) => section('###', verb.name, helpOf(verb)))
  return [section('##', entry.name, groupHelp(entry)), ...verbs]
}

function section(level: string, title: string, text: string): string {
  return `${level} ${title}\n\n\`\`\`\n${text}\n\`\`\`\n`
}

/** Help of a verb; the settings have a page of their own. */
function helpOf(verb: Verb): string {
  const all = verb.settings.length === SETTING_NAMES.length
  if (!all) return verbHelp(verb)
  return verbHelp({ ...verb, settings: [] }).replace(
    '\n\nExamples',
    '\n\nSettings: all, as flags; see operating/settings.md\n\nExamples',
  )
}
