/**
 * A customer's quota by invocation.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Delegation, DID, invoke, type API } from '@ucanto/core'
import { Absentee } from '@ucanto/principal'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CustomerUnknown } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { AskThread } from '../threads/calls.ts'
import { testDoor } from './testing/door.ts'

const GATEWAY = 'did:web:gateway.example'
const ALICE = 'did:mailto:example.com:alice'
const BOB = 'did:mailto:example.com:bob'
const CAN = 'account/quota/get'

test('a customer, and who may act for them, is told their quota, and nobody else', async (t) => {
  const quota = { customer: ALICE, state: 'warn', used: 2 ** 53 - 1, limit: null }
  const ask = (async (name: string, { customer }: { readonly customer: string }) => {
    assert.equal(name, 'quota')
    return customer === ALICE ? ok(quota) : fail(new CustomerUnknown(customer))
  }) as unknown as AskThread
  const door = await testDoor(t, { identity: GATEWAY }, ask)
  const service = door.folder.gateway.withDID(GATEWAY)
  const agent = await ed25519.generate()
  const issuer = Absentee.from({ id: ALICE })
  const given = { can: CAN, with: ALICE }
  const toAgent = await Delegation.delegate({
    issuer,
    audience: agent,
    capabilities: [given, { can: CAN, with: BOB }] as never,
    expiration: Infinity,
  })
  const attest = { can: 'ucan/attest', with: GATEWAY, nb: { proof: toAgent.cid } }
  const attestation = await Delegation.delegate({
    issuer: service,
    audience: agent,
    capabilities: [attest] as never,
    expiration: Infinity,
  })
  type Told = { readonly ok?: object; readonly error?: { readonly name: string } }
  const askAs = async (by: API.Signer, account: string, proofs: unknown[]): Promise<Told> => {
    const capability = { can: CAN, with: account, nb: {} }
    const nonce = crypto.randomUUID()
    const invocation = { issuer: by, audience: DID.parse(GATEWAY), nonce, proofs, capability }
    return (await door.ask(invoke(invocation as never))) as Told
  }
  const proofs = [toAgent, attestation]
  assert.deepEqual((await askAs(agent, ALICE, proofs)).ok, quota)
  assert.equal((await askAs(agent, ALICE, [])).error?.name, 'Unauthorized')
  assert.equal((await askAs(agent, BOB, proofs)).error?.name, 'Unauthorized')
  const stranger = agent.did()
  assert.equal((await askAs(agent, stranger, [])).error?.name, 'AccountNotFound')
})
