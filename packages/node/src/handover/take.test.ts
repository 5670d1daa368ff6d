import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { decodeAck } from '@turnpike/core/handover/ack'
import { makeBatch } from '@turnpike/core/handover/batch'
import { testKey } from '@turnpike/core/testing/keys'
import { folderPaths } from '../folder/layout.ts'
import { nodeHasher } from '../hasher.ts'
import { openInbox, openInboxDatabase, SqliteInbox } from '../inbox/inbox.ts'
import { testSettings } from '../testing/deployment.ts'
import { batchOperation, type BatchAnswer } from './take.ts'
import { hostFolder } from './testing/hosts.ts'

test('on a full disk a batch is to be tried again, and nothing of it is promised', async (t) => {
  const folder = await hostFolder()
  const edge = testKey(1)
  const path = join(folder.path, 'inbox.sqlite')
  const database = openInboxDatabase(path)
  const inbox = new SqliteInbox(database, path)
  t.after(async () => {
    inbox.close()
    await folder.remove()
  })
  const settings = testSettings(folder.path, { handFrom: [edge.did] })
  const take = batchOperation({ dataDir: folder.path, settings, inbox, hasher: nodeHasher })
  const groups = Array.from({ length: 500 }, (_, n) => groupOf(n, { provider: edge.did }))
  const says = { source: edge.did, audience: folder.did, journal: '0', first: 0, madeMs: 1 }
  const batch = await makeBatch(says, groups, { signer: edge, hasher: nodeHasher })
  const params = { batch: Buffer.from(batch).toString('base64') }
  const call = { signal: new AbortController().signal, progress() {} }
  const answerOf = async (): Promise<BatchAnswer> => (await take(params, call)).ok as BatchAnswer
  const { page_count: pages } = database.prepare('PRAGMA page_count').get()!
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const refused = await answerOf()
  assert.equal(refused.status, 503)
  assert.match(Buffer.from(refused.body, 'base64').toString(), /got a full disk/)
  assert.deepEqual((await inbox.read(0, 1000)).groups, [])
  database.exec('PRAGMA max_page_count = 1000000')
  for (const kind of ['counted', 'seen']) {
    const { status, body } = await answerOf()
    const { ok: signed } = decodeAck(new Uint8Array(Buffer.from(body, 'base64')))
    assert.equal(status, 200)
    assert.ok(signed!.ack.verdicts.every((verdict) => verdict.kind === kind))
  }
  assert.equal((await take({ batch: 5 }, call)).error?.name, 'InvalidParams')
})

test('batches are taken when the gateway’s key is there, though it was not before', async (t) => {
  const folder = await hostFolder()
  const { keys } = folderPaths(folder.path)
  const inbox = openInbox(join(folder.path, 'inbox.sqlite'))
  t.after(async () => {
    inbox.close()
    await folder.remove()
  })
  const settings = testSettings(folder.path, { handFrom: [testKey(1).did] })
  const take = batchOperation({ dataDir: folder.path, settings, inbox, hasher: nodeHasher })
  const call = { signal: new AbortController().signal, progress() {} }
  const away = `${keys}.away`
  await rename(keys, away)
  await assert.rejects(take({ batch: '' }, call), { name: 'NoGatewayKey' })
  await rename(away, keys)
  const { status } = (await take({ batch: '' }, call)).ok as BatchAnswer
  assert.equal(status, 400)
})
