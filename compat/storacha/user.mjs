/**
 * A user of Storacha who has `@storacha/client` and lets a gateway serve what is theirs.
 * @module
 */
import * as Client from '@storacha/client'
import { StoreMemory } from '@storacha/client/stores/memory'
import { gatewayAt } from './owner.mjs'

/** A client for which the gateway is all services of Storacha. */
export async function makeUser(gateway) {
  const { connection } = gatewayAt(gateway)
  const everything = {
    access: connection,
    upload: connection,
    filecoin: connection,
    gateway: connection,
  }
  const client = await Client.create({ store: new StoreMemory(), serviceConf: everything })
  const spaces = new Map()

  return {
    did: client.did(),
    /** Makes a space that no gateway serves yet; its DID. */
    async space() {
      const space = await client.createSpace('compat', { skipGatewayAuthorization: true })
      await space.save()
      spaces.set(space.did(), space)
      return space.did()
    },
    /** Makes a space that the gateways that are named serve, or the one of the settings. */
    async servedSpace(isNamed) {
      const named = isNamed ? { authorizeGatewayServices: [connection] } : {}
      return (await client.createSpace('compat', named)).did()
    },
    /** Lets the gateway serve one of the spaces; CID of the delegation. */
    async authorize(space, options) {
      const done = await Client.authorizeContentServe(
        client,
        spaces.get(space),
        connection,
        options,
      )
      return String(done.ok.delegation.cid)
    },
    async revoke(cid) {
      const delegation = client.delegations().find((one) => String(one.cid) === cid)
      const { ok, error } = await client.revokeDelegation(delegation.cid)
      return { ok: ok && Object.keys(ok), error: error?.message }
    },
    /** What the space stored from one time to another. */
    report: (space, from, to) => client.capability.usage.report(space, { from, to }),
    /** Delegations to this client that the gateway has. */
    async claim() {
      return (await client.capability.access.claim()).map(({ cid }) => String(cid))
    },
  }
}
