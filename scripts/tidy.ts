/**
 * House rules for source files, as functions from a file to what is untidy about it.
 * After TigerBeetle's src/tidy.zig.
 * @module
 */

/** A text file of the repository: its path from the root with `/`, and its text. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** Who may import whom. Adapters see everything below them and never one another. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  gateway: ['core'],
  service: ['core'],
  accounting: ['core'],
  audit: [],
  node: ['core', 'gateway', 'service', 'accounting'],
  workers: ['core', 'gateway', 'service', 'accounting'],
  cli: ['core', 'node', 'audit'],
}

/** Packages that run anywhere: time, chance, timers and I/O reach them as ports. */
const PORTABLE: ReadonlySet<string> = new Set(['core', 'gateway', 'service', 'accounting'])

const AMBIENT: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bperformance\.now\b/,
  /\b(process|console|globalThis)\./,
  /\bBuffer\b[.(]/,
  /(?<![.\w])(setTimeout|setInterval|setImmediate|fetch)\(/,
]

export const LINE_COLUMNS_MAX = 100
export const FILE_LINES_MAX = 400

/** Package that a path lies in: `core` for `packages/core/src/car.ts`. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([a-z]+)\//.exec(path)?.[1]
}

/** Whether a file is a test or helps tests only. */
export function isTest(path: string): boolean {
  return /\.(test|bench|fuzz|contract)\.ts$|\/(testing|fixtures)\//.test(path)
}

/** Specifiers of static and dynamic imports, `export … from` and `import type` included. */
export function importsOf(text: string): string[] {
  const pattern = /(?:^|\n)[^\n'"`*]*?(?<![.\w])(?:from|import\s*\(?)\s*'([@.\w][\w@./:-]*)'/g
  return Array.from(text.matchAll(pattern), (match) => match[1]!)
}

/** Each offence of one source file against the rules that need no other file. */
export function untidySource(file: TextFile): string[] {
  const pkg = packageOf(file.path)
  const lines = file.text.split('\n')
  const found = lines.flatMap((line, index) =>
    untidyLine(line, pkg !== undefined && PORTABLE.has(pkg) && !isTest(file.path)).map(
      (offence) => `${file.path}:${index + 1}: ${offence}`,
    ),
  )
  const say = (offence: string): number => found.push(`${file.path}: ${offence}`)
  if (!isTest(file.path)) {
    if (lines.length - 1 > FILE_LINES_MAX) say(`longer than ${FILE_LINES_MAX} lines`)
    if (!/^(?:#!.*\n)?\/\*\*(?:(?!\*\/)[^])*@module\b(?:(?!\*\/)[^])*\*\//.test(file.text))
      say('must start with a doc comment that has @module')
  }
  for (const specifier of importsOf(file.text)) {
    const offence = pkg === undefined ? undefined : untidyImport(pkg, specifier, file.path)
    if (offence !== undefined) say(offence)
  }
  return found
}

function untidyLine(line: string, portable: boolean): string[] {
  const found: string[] = []
  if (line.length > LINE_COLUMNS_MAX) found.push(`line exceeds ${LINE_COLUMNS_MAX} columns`)
  if (/\b(?:TO-?DO|FIX-?ME|X{3})\b/.test(line)) found.push('leftover note')
  if (/\b(?:test|it|describe)\.(?:only|todo)\(|[{,]\s*(?:only|todo):\s*true/.test(line))
    found.push('test that hides others or does not run')
  const isComment = /^\s*(?:\*|\/\/|\/\*)/.test(line)
  if (portable && !isComment && AMBIENT.some((pattern) => pattern.test(line)))
    found.push('ambient authority, take it as a port')
  return found
}

function untidyImport(pkg: string, specifier: string, path: string): string | undefined {
  if (specifier.startsWith('.')) return relativeOffence(path, specifier)
  if (specifier.startsWith('node:'))
    return PORTABLE.has(pkg) && !isTest(path) ? `${pkg} must not import ${specifier}` : undefined
  const target = /^@turnpike\/([a-z]+)/.exec(specifier)?.[1]
  if (target === undefined || target === pkg) return undefined
  if (MAY_IMPORT[pkg]?.includes(target)) return undefined
  // A test may drive its package through the adapter that runs it.
  return `${pkg} must not import ${target}`
}

function relativeOffence(path: string, specifier: string): string | undefined {
  if (!/\.(?:ts|mjs|json)$/.test(specifier)) return `"${specifier}" must end in .ts`
  const { pathname } = new URL(specifier, `file:///${path}`)
  return packageOf(pathname.slice(1)) === packageOf(path) || isTest(path)
    ? undefined
    : `"${specifier}" leaves its package`
}
