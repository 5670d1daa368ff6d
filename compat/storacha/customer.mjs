/**
 * A customer with an email account, and whoever runs the gateway, who talk to it with
 * `@ucanto/client` and the capabilities of `@storacha/capabilities`.
 * @module
 */
import * as AccountEgress from '@storacha/capabilities/account/egress'
import * as AccountUsage from '@storacha/capabilities/account/usage'
import * as Consumer from '@storacha/capabilities/consumer'
import * as Customer from '@storacha/capabilities/customer'
import * as Plan from '@storacha/capabilities/plan'
import * as Provider from '@storacha/capabilities/provider'
import * as Subscription from '@storacha/capabilities/subscription'
import { attest } from '@storacha/capabilities/ucan'
import { Delegation } from '@ucanto/core'
import { Absentee, ed25519 } from '@ucanto/principal'
import { gatewayAt } from './owner.mjs'

/** The outcome of an invocation; of an error, its name. */
async function outcome(invocation, connection) {
  const { out } = await invocation.execute(connection)
  return out.error === undefined ? { ok: out.ok } : { error: out.error.name }
}

/** A key that a login service signs with, by a name of its own. */
export async function makeLogin(did) {
  return (await ed25519.generate()).withDID(did)
}

/**
 * Somebody who is logged in: an agent with a delegation of the account, which a login service
 * attests. `ask` invokes any capability about the account.
 */
export async function makeCustomer(gateway, login, did) {
  const { id: audience, connection } = gatewayAt(gateway)
  const account = Absentee.from({ id: did })
  const issuer = await ed25519.generate()
  const delegation = await Delegation.delegate({
    issuer: account,
    audience: issuer,
    capabilities: [{ can: '*', with: account.did() }],
    expiration: Infinity,
  })
  const session = await attest.delegate({
    issuer: login,
    audience: issuer,
    with: login.did(),
    nb: { proof: delegation.cid },
    expiration: Infinity,
  })
  const ask = (capability, nb) => {
    const proofs = [delegation, session]
    const nonce = crypto.randomUUID()
    const about = { issuer, audience, with: account.did(), proofs, nonce, ...(nb && { nb }) }
    return outcome(capability.invoke(about), connection)
  }
  return {
    did: account.did(),
    ask,
    provide: (consumer) => ask(Provider.add, { provider: gateway.did, consumer }),
    subscriptions: () => ask(Subscription.list, {}),
    plan: () => ask(Plan.get),
    choose: (product) => ask(Plan.set, { product }),
    usage: (nb = {}) => ask(AccountUsage.get, nb),
    egress: (nb = {}) => ask(AccountEgress.get, nb),
  }
}

/** Whoever has the key of the gateway, and asks in its name. */
export function makeOperator(gateway, key) {
  const { id: audience, connection } = gatewayAt(gateway)
  const issuer = ed25519.parse(key).withDID(gateway.did)
  const ask = (capability, nb) => {
    const nonce = crypto.randomUUID()
    return outcome(
      capability.invoke({ issuer, audience, with: gateway.did, nb, nonce }),
      connection,
    )
  }
  return {
    ask,
    hasConsumer: (consumer) => ask(Consumer.has, { consumer }),
    consumer: (consumer) => ask(Consumer.get, { consumer }),
    customer: (customer) => ask(Customer.get, { customer }),
  }
}
