import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { alice, gatewayDid, hasher } from '@turnpike/gateway/testing/world'
import { differences, httpTable, referenceOf } from '@turnpike/gateway/testing/http-table'
import { publish } from './publish/publish.ts'
import { publicationOf } from './testing/content.ts'
import { send } from './testing/http.ts'
import { bundle, runtimeImports, startWorkerd, type Workerd } from './testing/rig.ts'

let workerd: Workerd
const table = httpTable()
let imported: string[]

before(async () => {
  const { code, metafile } = await bundle('../worker.ts')
  imported = runtimeImports(metafile)
  const variables = { GATEWAY_DID: gatewayDid, REGION: 'test', SUBDOMAIN_HOSTS: 'sub.example' }
  workerd = await startWorkerd(code, variables)
  const { publication, blob } = publicationOf(alice, table.blocks)
  await publish(publication, { bucket: workerd.bucket, hasher, read: async () => blob })
})

after(() => workerd?.close())

test('the Worker answers as the gateway does', async (t) => {
  const reference = referenceOf(table)
  for (const request of table.cases)
    await t.test(request.name, async () => {
      const expected = await reference(request)
      const got = await send(new URL(request.path, workerd.url), request)
      assert.deepEqual(differences(request, expected, got), [])
      assert.equal(got.cut, false)
    })
})

/** All that the Worker may take from its runtime besides what the web platform has. */
const ALLOWED = new Set(['cloudflare:workers', 'node:buffer', 'node:crypto'])

test('the bundle imports nothing that only Node has', () => {
  assert.deepEqual(foreign(imported), [])
  assert.ok(imported.includes('node:crypto'), 'the check sees imports')
  assert.deepEqual(foreign([...imported, 'node:fs']), ['node:fs'])
})

function foreign(paths: readonly string[]): string[] {
  return paths.filter((path) => !ALLOWED.has(path))
}

test('who is not told of a proxy believes none', async () => {
  const { path } = table.cases.find(({ name }) => name === 'a small file')!
  const said = { 'x-forwarded-host': 'sub.example', 'x-forwarded-proto': 'https' }
  assert.equal((await send(new URL(path, workerd.url), { headers: said })).status, 200)
  const { headers } = await send(new URL(path, workerd.url), { headers: { host: 'sub.example' } })
  assert.match(headers.get('location') ?? '', /^http:\/\/\w+\.ipfs\.sub\.example\//)
})

test('a grant that is taken back is in force within a second', async () => {
  const row = table.cases.find(({ name }) => name === 'a small file')!
  const { publication } = publicationOf(alice, table.blocks)
  const write = (grants: typeof publication.grants): Promise<void> =>
    publish(
      { ...publication, grants },
      { bucket: workerd.bucket, hasher, read: async () => undefined },
    )
  const status = async (): Promise<number> => (await send(new URL(row.path, workerd.url))).status
  assert.equal(await status(), 200)
  await write([])
  await sleep(1000)
  assert.equal(await status(), 404)
  await write(publication.grants)
  await sleep(1000)
  assert.equal(await status(), 200)
})
