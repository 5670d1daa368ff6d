import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { invoke, type API, DID } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { callOwner } from '../control/client.ts'
import type { Settings } from '../config/settings.ts'
import {
  CAR_TYPE,
  execute,
  messageOf,
  post,
  receiptsOf,
  serveDelegation,
} from '../testing/messages.ts'

interface Rig {
  readonly deployment: Deployment
  readonly url: string
  /** DID of the gateway. */
  readonly gateway: string
}

async function rig(t: TestContext, overrides: Partial<Settings> = {}): Promise<Rig> {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, { delegationsFrom: 'any', ...overrides })
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  return { deployment, url: deployment.url, gateway: deployment.turnpike.whoami.gateway }
}

/** An `access/delegate` by the space itself. */
function delegateBy(
  space: API.Signer,
  gateway: string,
  delegations: readonly API.Delegation[],
  more: object = {},
): API.IssuedInvocation {
  return invoke({
    issuer: space,
    audience: DID.parse(gateway),
    capability: {
      can: 'access/delegate',
      with: space.did(),
      nb: { delegations: Object.fromEntries(delegations.map(({ cid }) => [`${cid}`, cid])) },
    },
    proofs: [...delegations],
    ...more,
  } as never)
}

test('a space delegates with the client of the field, and is told by claim', async (t) => {
  const { url, gateway } = await rig(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, gateway)
  const told = await execute(url, gateway, delegateBy(space, gateway, [delegation]))
  assert.deepEqual(told, { ok: {} })
  const claim = invoke({
    issuer: space,
    audience: DID.parse(gateway),
    capability: { can: 'access/claim', with: space.did() },
  })
  const claimed = await execute(url, gateway, claim)
  assert.deepEqual(Object.keys(claimed.ok.delegations), [String(delegation.cid)])
})

test('receipts are there for whoever has the task', async (t) => {
  const { url, gateway } = await rig(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, gateway)
  const body = await messageOf(delegateBy(space, gateway, [delegation]))
  const answer = await post(url, body)
  assert.equal(answer.headers.get('content-type'), CAR_TYPE)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  const receipts = await receiptsOf(answer)
  const [task] = receipts.keys()
  assert.deepEqual(receipts.get(task!), { ok: {} })
  const page = await fetch(`${url}/receipt/${task}`)
  assert.equal(page.headers.get('content-type'), CAR_TYPE)
  assert.deepEqual((await receiptsOf(page)).get(task!), { ok: {} })
  assert.equal((await fetch(`${url}/receipt/${delegation.cid}`)).status, 404)
  assert.equal((await fetch(`${url}/receipt/nonsense`)).status, 400)
})
