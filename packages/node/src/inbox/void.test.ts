import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callOwner } from '../control/client.ts'
import { addFile } from '../handover/testing/hosts.ts'
import { startDeployment, testFolder } from '../testing/deployment.ts'
import type { VoidAnswer } from './void.ts'

test('a read is voided by the receipt of its answer, once', async (t) => {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  const url = await addFile(deployment, 1000)
  const receipts: string[] = []
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    receipts.push(answer.headers.get('x-receipt-id')!)
  }
  const ask = (params: object) => callOwner(folder.path, 'void', { reason: 'duplicate', ...params })
  const first = (await ask({ receipt: receipts[1] })).ok as VoidAnswer
  assert.deepEqual([first.bytes, first.status, first.already], [1000, 200, false])
  const again = (await ask({ index: first.index })).ok as VoidAnswer
  assert.deepEqual(again, { ...first, already: true })
  const usage = await deployment.usage()
  assert.deepEqual([usage['bytes'], usage['bytesVoided']], [3000, 1000])
  const wrong = [{ receipt: 'x' }, { index: -1 }, { index: 0.5 }, { index: 0, reason: 'mood' }, {}]
  for (const params of wrong) assert.equal((await ask(params)).error?.name, 'InvalidParams')
  assert.equal((await ask({ receipt: '0'.repeat(32) })).error?.name, 'NoSuchRead')
})
