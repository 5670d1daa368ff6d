import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { addPaths } from '../../../node/src/add/add.ts'
import { ownerContext } from '../../../node/src/add/session.ts'
import { blobPaths } from '../../../node/src/blobs/paths.ts'
import { readPublication } from '../../../node/src/catalog/publication.ts'
import { openFolder } from '../../../node/src/folder/open.ts'
import { nodeHasher as hasher } from '../../../node/src/hasher.ts'
import { nodeClock as clock } from '../../../node/src/runtime.ts'
import { bundle, startWorkerd } from '../testing/rig.ts'
import { send } from '../testing/http.ts'
import { publish } from './publish.ts'

test('what was added to a data folder is served by the Worker, bit by bit', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-publish-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const folder = (await openFolder(join(root, 'data'), { clock, hasher })).ok!
  const content = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * 7 + (i >> 9)) & 0xff)
  await writeFile(join(root, 'file.bin'), content)
  const site = join(import.meta.dirname, '../../../../examples/site')
  const context = ownerContext(folder, { clock, hasher })
  const added = (await addPaths(context, [site, join(root, 'file.bin')])).ok!
  const { code } = await bundle('../worker.ts')
  const workerd = await startWorkerd(code, { GATEWAY_DID: folder.gateway.did(), REGION: 'test' })
  t.after(() => workerd.close())
  await publish(await readPublication(folder.catalog, folder.gateway.did(), clock), {
    bucket: workerd.bucket,
    hasher,
    read: (multihash) => readFile(blobPaths(folder.paths.blobs, multihash)!.blob),
  })
  await folder.close()
  const [siteRoot, fileRoot] = added.roots.map(({ cid }) => cid)
  const page = await send(new URL(`/ipfs/${siteRoot}/`, workerd.url))
  assert.deepEqual(page.body, await readFile(join(site, 'index.html')))
  const file = await send(new URL(`/ipfs/${fileRoot}`, workerd.url))
  assert.equal(file.status, 200)
  assert.ok(Buffer.compare(file.body, content) === 0)
})
