import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { openCatalogWriter } from '../catalog/database.ts'
import { catalogAuthorizer } from '../authorize/authorizer.ts'
import { listSpaces } from '../catalog/spaces.ts'
import { nodeHasher } from '../hasher.ts'
import { openFolder, openFolderReader, type FolderOwner } from './open.ts'
import { KeyDamaged } from './keys.ts'
import { tryLock } from './lock.ts'

const clock = { nowMs: () => 1_000, monotonicMs: () => 0 }
const options = { clock, hasher: nodeHasher }

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'turnpike-folder-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(root: string): Promise<FolderOwner> {
  const opened = await openFolder(root, options)
  if (opened.error) throw opened.error
  return opened.ok
}

test('a new folder has an identity, a customer and a space that may be served', async (t) => {
  const root = scratch(t)
  const folder = await open(root)
  const [space] = listSpaces(folder.catalog)
  assert.equal(space?.did, folder.space.did())
  assert.equal(space?.customer, 'did:mailto:example.com:demo')
  const authorizer = catalogAuthorizer(folder.catalog, clock, { gateways: [folder.gateway.did()] })
  assert.equal((await authorizer.authorize(folder.space.did(), undefined)).ok?.byToken, false)
  const other = await authorizer.authorize('did:key:z6MkOther', undefined)
  assert.equal(other.error?.name, 'Unauthorized')
  await folder.close()
})

test('opened again it has the same keys, one space and one delegation', async (t) => {
  const root = scratch(t)
  const first = await open(root)
  await first.close()
  const again = await open(root)
  assert.equal(again.gateway.did(), first.gateway.did())
  assert.equal(again.space.did(), first.space.did())
  assert.equal(listSpaces(again.catalog).length, 1)
  const { n } = again.catalog.prepare('SELECT count(*) AS n FROM space_delegations').get()!
  assert.equal(n, 1)
  await again.close()
})

test('keys are readable by their owner only, and a damaged one is never replaced', async (t) => {
  const root = scratch(t)
  const folder = await open(root)
  await folder.close()
  const key = join(root, 'keys', 'gateway.key')
  assert.equal(statSync(key).mode & 0o777, 0o600)
  writeFileSync(key, 'not a key\n')
  await assert.rejects(open(root), KeyDamaged)
  assert.equal(readFileSync(key, 'utf8'), 'not a key\n')
})

test('a second owner in this process is refused, a reader is not', async (t) => {
  const root = scratch(t)
  const folder = await open(root)
  const refused = await openFolder(root, options)
  assert.equal(refused.error?.name, 'FolderInUse')
  assert.match(String(refused.error?.message), new RegExp(`process ${process.pid} owns it`))
  const reader = await openFolderReader(root, options)
  assert.equal(listSpaces(reader.ok!.catalog).length, 1)
  assert.throws(() => reader.ok!.catalog.exec('DELETE FROM spaces'), /readonly/)
  await reader.ok!.close()
  await folder.close()
  await (await open(root)).close()
})

test('the lock of a process that is killed is free at once', async (t) => {
  const root = scratch(t)
  await (await open(root)).close()
  const script = `
    import { tryLock } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
    // What nobody holds would be collected, and with it the lock.
    globalThis.held = tryLock(${JSON.stringify(join(root, 'owner.lock'))}, 'exclusive')
    console.log(globalThis.held !== undefined)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  assert.equal(String(line).trim(), 'true')
  assert.equal((await openFolder(root, options)).error?.name, 'FolderInUse')
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  await (await open(root)).close()
})

test('shared holders go together and keep an exclusive one out', (t) => {
  const path = join(scratch(t), 'files.lock')
  const first = tryLock(path, 'shared')
  const second = tryLock(path, 'shared')
  assert.ok(first && second)
  assert.equal(tryLock(path, 'exclusive'), undefined)
  first.release()
  assert.equal(tryLock(path, 'exclusive'), undefined)
  second.release()
  second.release()
  const alone = tryLock(path, 'exclusive')
  assert.ok(alone)
  assert.equal(tryLock(path, 'shared'), undefined)
  alone.release()
})

test('a folder of a newer Turnpike is refused untouched', async (t) => {
  const root = scratch(t)
  await (await open(root)).close()
  const database = new DatabaseSync(join(root, 'turnpike.sqlite'))
  database.exec('PRAGMA user_version = 99')
  database.close()
  for (const opened of [await openFolder(root, options), await openFolderReader(root, options)]) {
    assert.equal(opened.error?.name, 'CatalogVersion')
    assert.match(String(opened.error?.message), /expected schema version \d+, got 99.*newer/)
  }
})

test('files that are no catalog are refused', async (t) => {
  const root = scratch(t)
  const text = join(root, 'text.sqlite')
  writeFileSync(text, 'this is a text and no database, whatever its name says. '.repeat(100))
  assert.equal(openCatalogWriter(text).error?.name, 'DatabaseDamaged')
  const foreign = join(root, 'foreign.sqlite')
  const database = new DatabaseSync(foreign)
  database.exec('CREATE TABLE mine (a)')
  database.close()
  assert.equal(openCatalogWriter(foreign).error?.name, 'CatalogForeign')
  assert.equal((await openFolderReader(root, options)).error?.name, 'FolderMissing')
})

test('migrations run once each, in order, and an older program then refuses', (t) => {
  const path = join(scratch(t), 'turnpike.sqlite')
  const steps = ['CREATE TABLE a (x TEXT) STRICT', 'ALTER TABLE a ADD COLUMN y TEXT']
  openCatalogWriter(path, steps.slice(0, 1)).ok!.close()
  const migrated = openCatalogWriter(path, steps).ok!
  migrated.exec("INSERT INTO a (x, y) VALUES ('1', '2')")
  migrated.close()
  assert.equal(openCatalogWriter(path, steps.slice(0, 1)).error?.name, 'CatalogVersion')
  const again = openCatalogWriter(path, steps).ok!
  assert.deepEqual({ ...again.prepare('SELECT * FROM a').get() }, { x: '1', y: '2' })
  again.close()
})

test('a migration that fails leaves the version before it', (t) => {
  const path = join(scratch(t), 'turnpike.sqlite')
  const good = 'CREATE TABLE a (x TEXT) STRICT'
  assert.throws(() => openCatalogWriter(path, [good, 'CREATE TABLE b (x TEXT); NONSENSE']))
  const opened = openCatalogWriter(path, [good]).ok!
  const tables = opened.prepare('SELECT name FROM sqlite_schema').all()
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['a'],
  )
  opened.close()
})
