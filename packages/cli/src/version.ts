/**
 * The version of this program.
 * @module
 */
import { readFileSync } from 'node:fs'

/** Version of the package `turnpike`; it lies one folder up in sources and build alike. */
export function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
