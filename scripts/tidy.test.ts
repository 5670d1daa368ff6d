/**
 * House rules, checked as a test; and each rule shown to reject.
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { importsOf, untidySource } from './tidy.ts'
import {
  readJson,
  severalVersions,
  strayNames,
  textFiles,
  undeclared,
  undeclaredImports,
  untidyMarkdown,
  type LockFile,
} from './tidy-repo.ts'

const root = resolve(import.meta.dirname, '..')
const files = textFiles(root)
const sources = files.filter(
  ({ path }) =>
    /^(?:packages|scripts|bench)\/.*\.(?:ts|mjs)$/.test(path) &&
    // It holds an example of each offence.
    path !== 'scripts/tidy.test.ts',
)
const documentation = '/** Says why.\n * @module\n */\n'

function assertNone(found: readonly string[]): void {
  assert.ok(found.length === 0, `\n${found.join('\n')}`)
}

test('sources are tidy', () => {
  assert.ok(sources.length > 10, 'the walk finds sources')
  assertNone(sources.flatMap(untidySource))
})

test('packages declare what they import', () => {
  assertNone(undeclaredImports(root, sources))
})

test('the product has one version of each library', () => {
  assertNone(severalVersions(readJson<LockFile>(root, 'package-lock.json')))
})

test('no file names a registry or a machine', () => {
  assertNone(files.flatMap((file) => strayNames(file, root)))
})

test('documents start with their one title', () => {
  const documents = files.filter(({ path }) => path.endsWith('.md'))
  assertNone(documents.flatMap(untidyMarkdown))
})

/** What the rules say about a file of package `pkg` that holds `code` below its doc comment. */
function offences(pkg: string, code: string, name = 'bad.ts'): string {
  return untidySource({ path: `packages/${pkg}/src/${name}`, text: documentation + code }).join()
}

test('a clean file has no offence', () => {
  assert.equal(offences('core', "import { x } from './x.ts'\n"), '')
  assert.equal(offences('node', "import { x } from '@turnpike/core/x'\nDate.now()\n"), '')
})

test('each layer rejects what is above or beside it', () => {
  for (const [pkg, target] of [
    ['core', 'gateway'],
    ['gateway', 'service'],
    ['service', 'accounting'],
    ['accounting', 'gateway'],
    ['audit', 'core'],
    ['node', 'workers'],
    ['node', 'cli'],
    ['workers', 'node'],
    ['cli', 'gateway'],
  ] as const)
    assert.match(offences(pkg, `import { x } from '@turnpike/${target}/x'\n`), /must not import/)
  assert.match(offences('core', "import { x } from '../../node/src/x.ts'\n"), /leaves its package/)
  assert.match(offences('core', "import { x } from './x'\n"), /must end in \.ts/)
})

test('portable packages reject ambient authority, adapters may have it', () => {
  for (const code of [
    'const now = Date.now()',
    'const now = new Date()',
    'const luck = Math.random()',
    'console.log(1)',
    'const { env } = process.versions',
    'const bytes = Buffer.from([1])',
    'setTimeout(run, 10)',
    'await fetch(url)',
    'performance.now()',
  ]) {
    assert.match(offences('gateway', `${code}\n`), /ambient authority/, code)
    assert.equal(offences('node', `${code}\n`), '', code)
  }
  assert.match(offences('accounting', "import { x } from 'node:fs'\n"), /must not import node:fs/)
  assert.equal(offences('core', '// unlike Date.now() this never steps\n'), '')
  assert.equal(offences('core', 'clock.setTimeout(run)\n'), '')
})

test('long lines, long files, missing purpose, leftovers and hidden tests are found', () => {
  assert.match(offences('core', `${'x'.repeat(101)}\n`), /:4: line exceeds 100/)
  assert.equal(offences('core', `${'x'.repeat(100)}\n`), '')
  assert.match(offences('core', '\n'.repeat(398)), /longer than 400 lines/)
  assert.equal(offences('core', '\n'.repeat(397)), '')
  const undocumented = { path: 'packages/core/src/bad.ts', text: '/** No. */\n/** @module */' }
  assert.match(untidySource(undocumented).join(), /@module/)
  for (const note of ['TODO', 'FIXME', 'XXX'])
    assert.match(offences('core', `// ${note} later\n`), /leftover/)
  assert.match(offences('core', "test.only('x')\n", 'bad.test.ts'), /hides others/)
  assert.match(offences('core', "test('x', { todo: true })\n", 'bad.test.ts'), /hides others/)
})

test('imports are found in every form', () => {
  const text = `import 'a'
import type { B } from 'b'
import {
  c,
} from 'c'
export { d } from 'd'
const e = await import('e')
`
  assert.deepEqual(importsOf(text), ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(importsOf(" * import { x } from 'example'\nconst s = 'no'\n"), [])
})

test('an undeclared import is found; a test may use the workspace’s own tools', () => {
  const own = { name: '@turnpike/core', dependencies: { '@ipld/dag-cbor': '9.2.7' } }
  const workspace = { name: 'workspace', devDependencies: { 'fast-check': '4.10.2' } }
  const text = "import a from '@ipld/dag-cbor'\nimport fc from 'fast-check'\nimport 'node:fs'\n"
  const found = (path: string): string[] => undeclared({ path, text }, own, workspace)
  assert.deepEqual(found('x.ts'), ['x.ts: "fast-check" is not declared by @turnpike/core'])
  assert.deepEqual(found('x.test.ts'), [])
})

test('a second version of a library is found, in the product only', () => {
  const packages = (dev: boolean): LockFile => ({
    packages: {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b/node_modules/a': { version: '2.0.0', dev },
    },
  })
  assert.deepEqual(severalVersions(packages(false)), [
    'package-lock.json: a in versions 1.0.0, 2.0.0',
  ])
  assert.deepEqual(severalVersions(packages(true)), [])
})

test('a registry, a home folder and this machine’s path are found', () => {
  const found = (text: string): number => strayNames({ path: 'x.md', text }, '/srv/there').length
  assert.equal(found(`https://${'registry'}.npmjs.org/a`), 1)
  assert.equal(found(`/${'home'}/alice/x`), 1)
  assert.equal(found('/srv/elsewhere'), 1)
  assert.equal(found('npm install'), 0)
})

test('a document without a title, or with two, is found', () => {
  assert.equal(untidyMarkdown({ path: 'x.md', text: 'Text\n' }).length, 2)
  assert.equal(untidyMarkdown({ path: 'x.md', text: '# A\n\n# B\n' }).length, 1)
  assert.equal(untidyMarkdown({ path: 'x.md', text: '# A\n\n```sh\n# note\n```\n' }).length, 0)
})

test('the linter rejects a function of more than 70 lines and a use of any', () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-tidy-'))
  try {
    const long = `export function long(): void {\n${'  run()\n'.repeat(69)}}\n`
    assert.match(lint(folder, long), /max-lines-per-function/)
    assert.match(lint(folder, 'export const x: any = 1\n'), /no-explicit-any/)
    assert.doesNotMatch(lint(folder, 'export const x: number = 1\n'), /error/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function lint(folder: string, text: string): string {
  const path = join(folder, 'bad.ts')
  writeFileSync(path, text)
  const linter = join(root, 'node_modules/oxlint/bin/oxlint')
  const config = join(root, '.oxlintrc.json')
  const ran = spawnSync(process.execPath, [linter, '-c', config, '-f', 'unix', path])
  return String(ran.stdout) + String(ran.stderr)
}
