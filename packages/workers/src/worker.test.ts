import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { alice, gatewayDid, hasher } from '@turnpike/gateway/testing/world'
import { differences, httpTable, referenceOf } from '@turnpike/gateway/testing/http-table'
import { publish } from './publish/publish.ts'
import { publicationOf } from './testing/content.ts'
import { send } from './testing/http.ts'
import { bundle, startWorkerd, type Workerd } from './testing/rig.ts'

let workerd: Workerd
const table = httpTable()

before(async () => {
  const { code } = await bundle('../worker.ts')
  workerd = await startWorkerd(code, { GATEWAY_DID: gatewayDid, REGION: 'test' })
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
