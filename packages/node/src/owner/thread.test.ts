import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testFolder } from '../testing/deployment.ts'
import { startOwner } from './thread.ts'

test('a thread owns the folder, answers, and gives it up', async () => {
  const folder = await testFolder()
  const ends: unknown[] = []
  const first = await startOwner(folder.path, (cause) => ends.push(cause))
  const { whoami, operations } = first.ok!
  const { signal } = new AbortController()
  const call = { signal, progress() {} }
  assert.deepEqual((await operations.whoami({}, call)).ok, whoami)
  assert.equal((await operations.rm({ cid: 'nonsense' }, call)).error?.name, 'InvalidParams')
  assert.equal((await operations.rm({ cid: 'bafkqaaa' }, call)).error?.name, 'RootUnknown')
  assert.equal((await operations.commit({ stage: '../../x' }, call)).error?.name, 'StageInvalid')
  assert.equal((await operations.gc({}, call)).error, undefined)
  const second = await startOwner(folder.path, (cause) => ends.push(cause))
  assert.equal(second.error?.name, 'FolderInUse')
  await first.ok!.close()
  assert.equal((await operations.gc({}, call)).error?.name, 'ThreadEnded')
  const third = await startOwner(folder.path, (cause) => ends.push(cause))
  assert.deepEqual(third.ok?.whoami, whoami)
  await third.ok?.close()
  assert.deepEqual(ends, [])
  await folder.remove()
})
