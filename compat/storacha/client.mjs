/**
 * Storacha's client makes a space and lets a gateway serve it; then its owner looks at what is
 * stored there, and takes it back. One line of JSON, with what came of each.
 *
 * `node client.mjs URL DID`
 * @module
 */
import * as Access from '@storacha/capabilities/access'
import * as UCAN from '@storacha/capabilities/ucan'
import * as Client from '@storacha/client'
import { authorizeContentServe } from '@storacha/client'
import { StoreMemory } from '@storacha/client/stores/memory'
import { connect } from '@ucanto/client'
import { DID } from '@ucanto/core'
import { CAR, HTTP } from '@ucanto/transport'

const [url, did] = process.argv.slice(2)

const connection = connect({
  id: DID.parse(did),
  codec: CAR.outbound,
  channel: HTTP.open({ url: new URL(url), method: 'POST' }),
})
const client = await Client.create({ store: new StoreMemory() })
const space = await client.createSpace('compat', { skipGatewayAuthorization: true })
await client.addSpace(await space.createAuthorization(client.agent))
await client.setCurrentSpace(space.did())

const authorized = await authorizeContentServe(client, space, connection)
const { delegation } = authorized.ok
const audience = DID.parse(did)

const claim = async () => {
  const receipt = await Access.claim
    .invoke({
      issuer: client.agent.issuer,
      audience,
      with: space.did(),
      proofs: client.proofs([{ can: 'access/claim', with: space.did() }]),
      nonce: `${Math.random()}`,
    })
    .execute(connection)
  return Object.keys(receipt.out.ok?.delegations ?? receipt.out)
}

const before = await claim()
const revocation = await UCAN.revoke
  .invoke({
    issuer: client.agent.issuer,
    audience,
    with: client.agent.did(),
    nb: { ucan: delegation.cid },
    proofs: [delegation],
  })
  .execute(connection)
const after = await claim()
console.log(
  JSON.stringify({
    space: space.did(),
    delegation: String(delegation.cid),
    before,
    revoked: revocation.out.ok !== undefined,
    error: revocation.out.error?.message,
    after,
  }),
)
