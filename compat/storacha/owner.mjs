/**
 * The owner of a space, who talks to a gateway with `@ucanto/client` and the capabilities of
 * `@storacha/capabilities`.
 * @module
 */
import * as Access from '@storacha/capabilities/access'
import * as Space from '@storacha/capabilities/space'
import * as UCAN from '@storacha/capabilities/ucan'
import * as Usage from '@storacha/capabilities/usage'
import { connect, delegate, invoke } from '@ucanto/client'
import { Delegation, DID } from '@ucanto/core'
import { ed25519, Verifier } from '@ucanto/principal'
import { CAR, HTTP } from '@ucanto/transport'

/** Connects to a gateway: its URL, its DID, and the key that its receipts are signed with. */
export function gatewayAt({ url, did, key }) {
  const id = DID.parse(did)
  const channel = HTTP.open({ url: new URL(url), method: 'POST' })
  const verifier = did === key ? Verifier.parse(key) : Verifier.parse(key).withDID(did)
  return { id, verifier, connection: connect({ id, codec: CAR.outbound, channel }) }
}

/** What a receipt tells: the outcome, without what it carries, and whether the gateway signed it. */
async function toldBy(receipt, verifier) {
  const { ok, error } = receipt.out
  return {
    ok: ok && Object.keys(ok),
    error: error && { name: error.name, message: error.message },
    receipt: String(receipt.root.cid),
    isSigned: (await receipt.verifySignature(verifier)).ok !== undefined,
  }
}

/** Makes a space, whose key signs everything here. */
export async function makeOwner(gateway) {
  const { id: audience, connection, verifier } = gatewayAt(gateway)
  const space = await ed25519.generate()
  const about = { issuer: space, audience, with: space.did() }
  const delegations = new Map()
  const told = async (invocation) => toldBy(await invocation.execute(connection), verifier)

  const publish = async (delegation) => {
    const cid = String(delegation.cid)
    delegations.set(cid, delegation)
    const nb = { delegations: { [cid]: delegation.cid } }
    return { cid, ...(await told(Access.delegate.invoke({ ...about, nb, proofs: [delegation] }))) }
  }

  return {
    did: space.did(),
    /** Signs as the space. */
    key: space,
    /** Lets the gateway, or somebody else, serve the space. */
    async serve(to = gateway.did) {
      return publish(
        await Space.contentServe.delegate({
          issuer: space,
          audience: DID.parse(to),
          with: space.did(),
          expiration: Infinity,
        }),
      )
    },
    /** Lets it serve requests with a token: `@storacha/capabilities` has no word for that. */
    async serveWithToken(token) {
      const can = 'space/content/serve/transport/http'
      const capabilities = [{ can, with: space.did(), nb: { token } }]
      return publish(
        await delegate({ issuer: space, audience, capabilities, expiration: Infinity }),
      )
    },
    /** Delegations that the gateway has of the space: CIDs of what the archives hold. */
    async claim(of = space.did()) {
      const claimed = await Access.claim
        .invoke({ ...about, with: of, nonce: crypto.randomUUID() })
        .execute(connection)
      const archives = Object.values(claimed.out.ok?.delegations ?? {})
      const read = await Promise.all(archives.map((archive) => Delegation.extract(archive)))
      const { error } = claimed.out
      return {
        error: error && { name: error.name, message: error.message },
        cids: read.map(({ ok }) => String(ok.cid)),
        abilities: read.map(({ ok }) => ok.capabilities[0].can),
      }
    },
    async revoke(cid) {
      const ucan = delegations.get(cid)
      return told(UCAN.revoke.invoke({ ...about, nb: { ucan: ucan.cid }, proofs: [ucan] }))
    },
    /** What the space, or another, stored in a period in seconds; of an error, its name. */
    async report(period, of = space.did()) {
      const about = {
        issuer: space,
        audience,
        with: of,
        nb: { period },
        nonce: crypto.randomUUID(),
      }
      const { out } = await Usage.report.invoke(about).execute(connection)
      return out.error === undefined ? { ok: out.ok } : { error: out.error.name }
    },
    /** Asks something by name, of the gateway or of somebody else, and sends it as often as told. */
    async ask(can, { to = gateway.did, times = 1 } = {}) {
      const capability = { can, with: space.did() }
      const invocation = invoke({ issuer: space, audience: DID.parse(to), capability })
      const delegation = await invocation.delegate()
      const receipts = await connection.execute(...Array.from({ length: times }, () => delegation))
      return Promise.all(receipts.map((receipt) => toldBy(receipt, verifier)))
    },
  }
}
