/**
 * A gateway of somebody else's, who records egress with `@ucanto/client` and the capabilities of
 * `@storacha/capabilities`.
 * @module
 */
import * as Space from '@storacha/capabilities/space'
import { Delegation } from '@ucanto/core'
import { ed25519 } from '@ucanto/principal'
import { CID } from 'multiformats/cid'
import { gatewayAt } from './owner.mjs'

/** Makes a gateway that the space of `owner` lets serve. */
export async function makeRecorder(service, owner) {
  const { id: audience, connection, verifier } = gatewayAt(service)
  const issuer = await ed25519.generate()
  const proof = await Space.contentServe.delegate({
    issuer: owner.key,
    audience: issuer,
    with: owner.did,
    expiration: Infinity,
  })
  const shown = await Delegation.extract(new Uint8Array((await proof.archive()).ok))
  return {
    did: issuer.did(),
    /** Records many reads in one message; what each receipt says, and whether it is signed. */
    async record(reads) {
      const invocations = reads.map(({ resource, bytes, servedAt, nonce }) =>
        Space.egressRecord.invoke({
          issuer,
          audience,
          with: owner.did,
          nb: { resource: CID.parse(resource), bytes, servedAt },
          nonce,
          proofs: [shown.ok],
          expiration: Infinity,
        }),
      )
      const receipts = await connection.execute(...invocations)
      return Promise.all(
        receipts.map(async (receipt) => ({
          ok: receipt.out.ok && {
            ...receipt.out.ok,
            resource: String(receipt.out.ok.resource),
            cause: String(receipt.out.ok.cause),
          },
          error: receipt.out.error?.name,
          task: String(receipt.ran.link()),
          isSigned: (await receipt.verifySignature(verifier)).ok !== undefined,
        })),
      )
    },
  }
}
