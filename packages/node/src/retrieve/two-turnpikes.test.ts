import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { startDeployment } from '../testing/deployment.ts'
import { call, delegation, holderRig } from './testing/pair.ts'

test('one Turnpike serves what another holds for it alone', async (t) => {
  const endings: (() => Promise<void> | void)[] = []
  t.after(async () => {
    for (const end of endings.toReversed()) await end()
  })
  const content = randomBytes(300_000)
  const after = (end: unknown): unknown => endings.push(end as () => Promise<void>)
  const { holder, space, root, folder, url } = await holderRig({ after } as never, content)
  const asker = await startDeployment(join(folder, 'asker'), {
    claimIssuers: [holder.turnpike.whoami.gateway],
    allowPrivateOrigins: true,
  })
  endings.push(async () => {
    await asker.turnpike.close(0)
    assert.deepEqual(asker.crashes, [])
  })
  const audience = asker.turnpike.whoami.gateway
  const letting = async (can: `${string}/${string}`): Promise<void> => {
    const { archive } = await delegation(space, audience, can)
    await call(asker.data, 'delegationImport', { archive })
  }
  const read = async (): Promise<readonly [number, Buffer]> => {
    const response = await fetch(`${asker.url}/ipfs/${root}?n=${Math.random()}`)
    return [response.status, Buffer.from(await response.arrayBuffer())]
  }
  await letting('space/content/serve/*')
  await letting('space/content/retrieve')
  const published = await call(holder.data, 'claimsPublish', { url: asker.url, audience })
  const [status, bytes] = await read()
  assert.equal(status, 200, `${JSON.stringify(published)} ${bytes.toString().slice(0, 200)}`)
  assert.ok(bytes.equals(content))
  assert.equal((await fetch(url)).status, 404, 'nobody else has it')
})
