/**
 * `npm run build`: JavaScript and types of each package for publishing, in `dist/<package>`.
 * Nothing in development needs it: Node runs the sources as they are.
 * @module
 */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const out = join(root, 'dist')
const emitted = join(out, 'emitted')

/** Options for one run over all packages: they import one another's sources. */
const CONFIG = {
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '../packages', outDir: './emitted' },
  // Data is listed by itself: what another package imports by name is taken for a library's.
  include: ['../packages/*/src', '../packages/*/src/**/*.json'],
  exclude: ['../**/*.test.ts', '../**/*.bench.ts', '../**/testing', '../**/node_modules'],
}

function compile(): void {
  fs.rmSync(out, { recursive: true, force: true })
  fs.mkdirSync(out)
  const config = join(out, 'tsconfig.json')
  fs.writeFileSync(config, JSON.stringify(CONFIG))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' })
  if (status !== 0) throw new Error('tsc failed; its own words are above')
}

/** A package as it is published: `exports` lead to JavaScript, `src` stays here. */
function pack(name: string): void {
  const from = join(root, 'packages', name)
  const to = join(out, name)
  fs.mkdirSync(to)
  const compiled = join(emitted, name, 'src')
  if (fs.existsSync(compiled)) fs.cpSync(compiled, join(to, 'dist'), { recursive: true })
  if (fs.existsSync(join(from, 'bin')))
    fs.cpSync(join(from, 'bin'), join(to, 'bin'), { recursive: true })
  for (const license of ['LICENSE-APACHE', 'LICENSE-MIT'])
    fs.cpSync(join(root, license), join(to, license))
  const manifest = JSON.parse(fs.readFileSync(join(from, 'package.json'), 'utf8')) as object
  const published = {
    ...manifest,
    files: ['dist', 'bin', 'LICENSE-*'],
    ...('exports' in manifest && {
      exports: { './*': { types: './dist/*.d.ts', default: './dist/*.js' } },
    }),
  }
  fs.writeFileSync(join(to, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
}

compile()
for (const name of fs.readdirSync(join(root, 'packages'))) pack(name)
fs.rmSync(emitted, { recursive: true })
fs.rmSync(join(out, 'tsconfig.json'))
console.log(`Packages for publishing are in ${out}.`)
