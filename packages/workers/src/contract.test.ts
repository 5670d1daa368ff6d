import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gatewayDid } from '@turnpike/gateway/testing/world'
import { bundle, startWorkerd, type Workerd } from './testing/rig.ts'

let workerd: Workerd

before(async () => {
  const { code } = await bundle('test-worker.ts')
  workerd = await startWorkerd(code, { GATEWAY_DID: gatewayDid, REGION: 'test', SILENCE_MS: 400 })
})

after(() => workerd?.close())

for (const [suite, casesMin] of [
  ['blob-reader', 15],
  ['content-index', 7],
  ['journal', 4],
] as const)
  test(`the contract of ${suite} holds in workerd`, async (t) => {
    const response = await fetch(new URL(`/test/contract/${suite}`, workerd.url))
    const outcomes = (await response.json()) as Record<string, string>
    assert.ok(Object.keys(outcomes).length >= casesMin, 'all cases ran')
    for (const [name, outcome] of Object.entries(outcomes))
      await t.test(name, () => assert.equal(outcome, 'passed'))
  })
