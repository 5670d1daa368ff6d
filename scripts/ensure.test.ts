import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { explain, missing, newEnough, pinnedNode } from './ensure.mjs'

type Packages = Readonly<Record<string, object>>

function clone(t: TestContext, wanted?: Packages, installed?: Packages): string {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-ensure-'))
  t.after(() => rmSync(root, { recursive: true }))
  const write = (path: string, packages: Packages): void =>
    writeFileSync(join(root, path), JSON.stringify({ packages }))
  if (wanted) write('package-lock.json', wanted)
  if (installed) {
    mkdirSync(join(root, 'node_modules'))
    write('node_modules/.package-lock.json', installed)
  }
  return root
}

const a = { 'node_modules/a': { version: '1.0.0' } }
const elsewhere = { 'node_modules/b': { version: '1.0.0', optional: true } }

test('what is missing decides what npm is asked for', (t) => {
  assert.equal(missing(clone(t)), 'install')
  assert.equal(missing(clone(t, a)), 'ci')
  assert.equal(missing(clone(t, { ...a, ...elsewhere }, a)), undefined)
  assert.equal(missing(clone(t, { ...a, 'packages/x': { version: '9.9.9' } }, a)), undefined)
  assert.equal(missing(clone(t, a, {})), 'install')
  assert.equal(missing(clone(t, a, { 'node_modules/a': { version: '0.9.0' } })), 'install')
})

test('a Node is new enough from 24.12 on', () => {
  assert.deepEqual(['20.20.2', '24.11.9', '24.12.0', '26.0.0'].map(newEnough), [
    false,
    false,
    true,
    true,
  ])
})

test('the pinned Node comes before the one that runs', (t) => {
  const root = clone(t)
  assert.equal(pinnedNode(root), process.execPath)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const bin = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin')
  mkdirSync(bin, { recursive: true })
  const path = join(bin, platform === 'win' ? 'node.exe' : 'node')
  writeFileSync(path, '')
  assert.equal(pinnedNode(root), path)
})

test('a failed install is explained in words', () => {
  assert.match(explain('npm error code ENOTFOUND'), /offline/)
  assert.match(explain('npm error code ENOSPC'), /disk is full/)
  assert.match(explain('npm error code EACCES'), /could not install/)
})
