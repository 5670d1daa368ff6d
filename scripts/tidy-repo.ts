/**
 * House rules for the repository as a whole: manifests, lock file, documents, stray names.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { importsOf, isTest, packageOf, type TextFile } from './tidy.ts'

const SKIPPED = /(?:^|\/)(?:\.git|node_modules|dist|data|turnpike-data|results)(?:\/|$)/
const TEXT = /\.(?:ts|mjs|js|json|md|css|html|svg|txt|yml|yaml|conf|toml)$|^\.ci\/|\/LICENSE/

/** Text files of the repository, found without git, so that it works in an export as well. */
export function textFiles(root: string): TextFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((full) => ({ full, path: relative(root, full).split(sep).join('/') }))
    .filter(({ path }) => !SKIPPED.test(path) && TEXT.test(path))
    .map(({ full, path }) => ({ path, text: readFileSync(full, 'utf8') }))
}

/** What of `package.json` the rules read. */
export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Imports of a file that neither its package nor, in tests, the workspace declares. */
export function undeclared(file: TextFile, own: Manifest, workspace: Manifest): string[] {
  const declared = new Set([own.name, ...Object.keys(own.dependencies ?? {})])
  if (isTest(file.path))
    for (const name of Object.keys({ ...own.devDependencies, ...workspace.devDependencies }))
      declared.add(name)
  const names = importsOf(file.text)
    .filter((specifier) => !/^(?:\.|node:|cloudflare:)/.test(specifier))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0])
  return [...new Set(names)]
    .filter((name) => !declared.has(name))
    .map((name) => `${file.path}: "${name}" is not declared by ${own.name}`)
}

/** What of a lock file the rules read. */
export interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean; readonly link?: boolean }>
  >
}

/** Libraries that the product's tree has in more than one version: types and caches would split. */
export function severalVersions(lock: LockFile): string[] {
  const versions = new Map<string, Set<string>>()
  for (const [path, { version, dev, link }] of Object.entries(lock.packages)) {
    if (version === undefined || dev || link || !path.includes('node_modules/')) continue
    const name = path.split('node_modules/').at(-1)!
    versions.set(name, (versions.get(name) ?? new Set()).add(version))
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([name, found]) => `package-lock.json: ${name} in versions ${[...found].join(', ')}`)
}

/** Names that would tie the repository to one machine or to one registry. */
export function strayNames(file: TextFile, root: string): string[] {
  const parent = root.split(sep).slice(0, -1).join('/')
  const found: string[] = []
  if (/\bregistry\.[a-z]+\.(?:org|com|io)\b/.test(file.text)) found.push('names a registry host')
  if (/(?<![\w.])\/(?:home|Users|root)\/\w/.test(file.text)) found.push('names a home folder')
  if (parent.length > 1 && file.text.includes(`${parent}/`)) found.push('names this machine')
  return found.map((offence) => `${file.path}: ${offence}`)
}

/** A document starts with its one title. */
export function untidyMarkdown(file: TextFile): string[] {
  const prose = file.text.replaceAll(/^```[^]*?^```/gm, '')
  const titles = prose.match(/^# .+$/gm)?.length ?? 0
  const found: string[] = []
  if (titles !== 1) found.push(`${file.path}: expected one "# Title", got ${titles}`)
  if (!file.text.startsWith('# ')) found.push(`${file.path}: must start with its title`)
  return found
}

/** Reads a JSON file of the repository. */
export function readJson<T>(root: string, path: string): T {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as T
}

/** Undeclared imports of all packages' sources. */
export function undeclaredImports(root: string, files: readonly TextFile[]): string[] {
  const workspace = readJson<Manifest>(root, 'package.json')
  return files.flatMap((file) => {
    const pkg = packageOf(file.path)
    if (pkg === undefined || !file.path.endsWith('.ts')) return []
    return undeclared(file, readJson<Manifest>(root, `packages/${pkg}/package.json`), workspace)
  })
}
