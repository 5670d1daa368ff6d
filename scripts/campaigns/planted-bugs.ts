/**
 * Plants bugs in a copy of the tree, one at a time, and lets the billing campaign look for them.
 * Run: `node scripts/campaigns/planted-bugs.ts [--runs N] [--only TEXT]…`. Prints a table; ends
 * with 1 when a bug was not found.
 * @module
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BUGS, type Bug } from './planted/bugs.ts'
import type { Report } from './rig/campaign.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SEED = '5'
const MINUTES_MAX = 5
const FAILURE_CHARS = 110

/**
 * A copy of the sources, whose packages see one another and share the tree's libraries.
 *
 * @example
 * const copy = copyTree()
 */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'turnpike-planted-'))
  for (const name of ['packages', 'scripts', 'package.json'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  const modules = join(copy, 'node_modules')
  mkdirSync(join(modules, '@turnpike'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@turnpike') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  for (const name of readdirSync(join(ROOT, 'node_modules/@turnpike')))
    symlinkSync(join(copy, 'packages', name), join(modules, '@turnpike', name))
  return copy
}

/**
 * Source with a bug in it.
 *
 * @throws {RangeError} when the place is not there, or not once: the list is older than the source
 */
export function planted(source: string, { name, find, replace }: Bug): string {
  const places = source.split(find).length - 1
  if (places !== 1) throw new RangeError(`"${name}" expected 1 place for it, got ${places}`)
  return source.replace(find, () => replace)
}

/** What the campaign says of a copy: its first failure, or undefined when it found none. */
function firstFailure(copy: string, runs: string): string | undefined {
  const words = ['scripts/campaigns/billing-faults.ts', '--json', '--seed', SEED, '--runs', runs]
  const ran = spawnSync(process.execPath, words, {
    cwd: copy,
    encoding: 'utf8',
    timeout: MINUTES_MAX * 60_000,
  })
  const last = ran.stdout.trimEnd().split('\n').at(-1)!
  if (!last.startsWith('{')) return ran.stderr.trim().split('\n').at(-1) || String(ran.error)
  return (JSON.parse(last) as Report).failures[0]
}

function main(): void {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '40' },
      only: { type: 'string', multiple: true, default: [''] },
    },
  })
  const isMeant = ({ name }: Bug): boolean => values.only.some((text) => name.includes(text))
  const copy = copyTree()
  let missed = 0
  try {
    const clean = firstFailure(copy, values.runs)
    if (clean !== undefined) throw new Error(`a copy without bugs expected to pass, got ${clean}`)
    for (const bug of BUGS.filter(isMeant)) {
      const path = join(copy, bug.file)
      const source = readFileSync(path, 'utf8')
      writeFileSync(path, planted(source, bug))
      const found = firstFailure(copy, values.runs)
      writeFileSync(path, source)
      if (found === undefined) missed++
      const said = found?.replace(/\s+/g, ' ').slice(0, FAILURE_CHARS) ?? 'NOT FOUND'
      console.log(`| ${bug.name} | ${said} |`)
    }
  } finally {
    rmSync(copy, { recursive: true })
  }
  process.exitCode = missed === 0 ? 0 : 1
}

if (import.meta.main) main()
