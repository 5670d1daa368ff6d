/**
 * A storage node that is paid by receipts: it tells of a batch with `@ucanto/client`, and polls what
 * came of it. `@storacha/capabilities` has no egress tracking; the node's own language has.
 * @module
 */
import { invoke } from '@ucanto/client'
import { Delegation, DID, Message } from '@ucanto/core'
import { ed25519 } from '@ucanto/principal'
import { CAR } from '@ucanto/transport'
import { CID } from 'multiformats/cid'
import { gatewayAt } from './owner.mjs'

/** Makes a node. */
export async function makeStorageNode() {
  const key = await ed25519.generate()
  return {
    did: key.did(),
    /** Signs its receipts. */
    key,
    /**
     * Tells of a batch, with an archived delegation of the gateway or in its own name: the outcome,
     * and CIDs of what the receipt says comes later.
     */
    async track(gateway, batch, endpoint, leave) {
      const { connection, verifier } = gatewayAt(gateway)
      const nb = { receipts: CID.parse(batch), endpoint }
      const proofs = leave === undefined ? [] : [(await Delegation.extract(leave)).ok]
      const resource = leave === undefined ? key.did() : gateway.did
      const capability = { can: 'space/egress/track', with: resource, nb }
      const audience = DID.parse(gateway.did)
      const invocation = invoke({ issuer: key, audience, capability, proofs })
      const [receipt] = await connection.execute(invocation)
      const { ok, error } = receipt.out
      return {
        ok,
        error: error?.name,
        fork: receipt.fx.fork.map(String),
        isSigned: (await receipt.verifySignature(verifier)).ok !== undefined,
      }
    },
    /** What came of a consolidation; undefined while nothing did. */
    async poll(gateway, task) {
      const response = await fetch(`${gateway.url}/receipt/${task}`)
      const body = new Uint8Array(await response.arrayBuffer())
      if (response.status !== 200) return undefined
      const { roots, blocks } = CAR.codec.decode(body)
      const { receipts } = Message.view({ root: roots[0].cid, store: blocks })
      const [receipt] = receipts.values()
      const { verifier } = gatewayAt(gateway)
      return {
        ok: receipt.out.ok,
        isSigned: (await receipt.verifySignature(verifier)).ok !== undefined,
      }
    },
  }
}
