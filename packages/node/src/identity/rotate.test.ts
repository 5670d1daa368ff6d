import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startDeployment, testFolder } from '../testing/deployment.ts'

test('a gateway with a new key serves what its key before was let serve', async () => {
  const folder = await testFolder()
  const first = await startDeployment(folder.path)
  const before = first.turnpike.whoami.gateway
  const file = join(folder.path, 'a.txt')
  await writeFile(file, 'as before')
  const { cid } = await first.add([file])
  assert.equal((await fetch(`${first.url}/ipfs/${cid}`)).status, 200)
  await first.stop()
  const keys = join(folder.path, 'keys')
  await rename(join(keys, 'gateway.key'), join(keys, 'gateway.previous.key'))
  const next = await startDeployment(folder.path, { identity: 'did:web:gw.example' })
  const { whoami } = next.turnpike
  assert.notEqual(whoami.gateway, before)
  assert.deepEqual(whoami.previous, [before])
  assert.equal((await fetch(`${next.url}/ipfs/${cid}`)).status, 200)
  assert.equal((await next.usage()).reads, 2)
  await next.stop()
  const checkpoint = await readFile(join(folder.path, 'log', 'checkpoint'), 'utf8')
  assert.match(checkpoint, new RegExp(`^${before}/log\n2\n`), 'the log goes on under its name')
  assert.deepEqual(next.crashes, [])
  await folder.remove()
})
