/**
 * Settings as people read them: a list with sources, and the page of the documentation.
 * @module
 */
import { SETTING_NAMES, SETTINGS, flagOf, variableOf } from './settings.ts'
import type { Setting, SettingName, Settings } from './settings.ts'
import type { LoadedSettings } from './load.ts'

/** One setting with its value, as `turnpike config` shows it. */
export interface ShownSetting {
  readonly name: SettingName
  /** The value as text; secrets are hidden, and null means: no value. */
  readonly value: string | null
  readonly source: string
}

const HIDDEN = '(hidden)'

/**
 * All settings with values and sources, in the table's order. Nothing secret is in it.
 *
 * @example
 * for (const { name, value, source } of describeSettings(loaded)) print(name, value, source)
 */
export function describeSettings({ settings, sources }: LoadedSettings): ShownSetting[] {
  return SETTING_NAMES.map((name) => ({
    name,
    value: shown(name, settings[name]),
    source: sources[name],
  }))
}

function shown<K extends SettingName>(name: K, value: Settings[K]): string | null {
  if (value === undefined) return null
  const { kind, secret } = SETTINGS[name] as unknown as Setting<Settings[K]>
  const text = kind.show(value as NonNullable<Settings[K]>)
  // A list of stores shows all but their keys; see its kind.
  return secret && typeof value === 'string' ? HIDDEN : text
}

/** The page docs/operating/settings.md; a test keeps the file equal to it. */
export function settingsPage(): string {
  return `${HEAD}\n${SETTING_NAMES.map(sectionOf).join('\n')}`
}

const HEAD = `# Settings

Each setting can stand in three places. A flag (\`--port 8090\`) comes before an environment
variable (\`TURNPIKE_PORT=8090\`), that before the file \`turnpike.json\` in the data folder
(\`{ "port": 8090 }\`), and that before the default. \`turnpike config\` prints each setting
with its value and where that came from.

What is unknown or malformed is refused, wherever it stands, with the place, what was expected and
what came. Secrets belong in the environment or in the file, not in a flag, which other users of the
machine can see.

Bytes may have a suffix in flags and variables (\`64MiB\`), and so may times (\`30s\`, \`5m\`);
in the file both are plain numbers. Lists are separated by commas, and their flags may be given
several times; in the file they are JSON lists.
`

function sectionOf(name: SettingName): string {
  const setting = SETTINGS[name]
  const value = shown(name, setting.default)
  const fallback = value === null || value === '' || value === '[]' ? 'none' : `\`${value}\``
  const file = setting.notInFile ? '' : ` · \`"${name}"\``
  return `## ${name}

${setting.doc}

\`--${flagOf(name)}\` · \`${variableOf(name)}\`${file}

Expects ${setting.kind.expected}. Default: ${fallback}.
`
}
