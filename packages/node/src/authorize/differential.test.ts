/**
 * Our verdict on chains against that of `@ucanto/validator`, on random ones.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delegate, invoke, ok, Schema, type API } from '@ucanto/core'
import { access, capability } from '@ucanto/validator'
import fc from 'fast-check'
import { readUcanArchive } from '@turnpike/core/ucan/archive'
import { findServeChains, type ServeChain } from '@turnpike/core/ucan/serve-chains'
import { SERVE_HTTP } from '@turnpike/core/ucan/serve-caveats'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { principals } from '@turnpike/core/ucan/verifier'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import {
  ATTESTER,
  chainPlan,
  type ChainPlan,
  GATEWAY,
  keyOf,
  makeChain,
  modelAdmits,
  RESOLVER,
  SPACES,
} from './testing/chains.ts'

const RUNS = Number(process.env.TURNPIKE_FUZZ_RUNS ?? 120)
const { signal } = new AbortController()
const checks = new SignatureChecks(nodeVerifier, RESOLVER)

const serve = capability({
  can: SERVE_HTTP,
  with: Schema.did(),
  nb: Schema.struct({ token: Schema.string().nullable() }),
})
/** The gateway lets the attester speak for it: how ucanto comes to believe anybody else. */
const authority = await delegate({
  issuer: GATEWAY,
  audience: ATTESTER,
  capabilities: [{ can: 'ucan/attest', with: GATEWAY.did() }],
  expiration: Infinity,
})

async function theirs(
  delegation: API.Delegation,
  space: API.DID,
  token: string | undefined,
): Promise<boolean> {
  const invocation = await invoke({
    issuer: GATEWAY,
    audience: GATEWAY,
    capability: { can: SERVE_HTTP, with: space, nb: { token: token ?? null } },
    proofs: [delegation],
  }).delegate()
  const verdict = await access(
    invocation as never,
    {
      capability: serve,
      principal: principals(nodeVerifier) as never,
      authority: GATEWAY,
      proofs: [authority],
      resolveDIDKey: async (did: string) => {
        const resolved = await RESOLVER.resolve(did, signal)
        return resolved.ok ? ok([...resolved.ok.keys]) : { error: resolved.error }
      },
      validateAuthorization: () => ok({}),
    } as never,
  )
  return verdict.ok !== undefined
}

async function chainsIn(archive: Uint8Array, space: string): Promise<readonly ServeChain[]> {
  const read = readUcanArchive(archive, nodeHasher)
  if (read.error) return []
  const trust = { gateways: [GATEWAY.did()], attesters: [ATTESTER.did()], checks, signal }
  return (await findServeChains(read.ok, { space, ...trust })).chains
}

function ours(chains: readonly ServeChain[], token: string | undefined, nowMs: number): boolean {
  return chains.some(
    (chain) =>
      chain.startsMs <= nowMs &&
      chain.expiresMs > nowMs &&
      (chain.token === undefined || chain.token === (token ?? null)),
  )
}

const TOKENS = [undefined, 'open sesame', 'Open sesame', 'open sesame ', '']

test('random chains, whole and broken, are judged as ucanto judges them', async () => {
  let held = 0
  await fc.assert(
    fc.asyncProperty(chainPlan, async (plan) => {
      const nowMs = Date.now()
      const made = await makeChain(plan, Math.floor(nowMs / 1000))
      const chains = await chainsIn(made.archive, made.space)
      for (const token of TOKENS) {
        const verdict = await theirs(made.delegation, made.space, token)
        assert.equal(ours(chains, token, nowMs), verdict, `${token}`)
        const asked = { token, atSeconds: 0, revoked: [] }
        assert.equal(modelAdmits(made, asked), verdict, 'the model agrees')
        if (verdict) held++
      }
      const other = SPACES[1 - plan.space]!.did()
      assert.deepEqual(await chainsIn(made.archive, other), [], 'never another space')
    }),
    { numRuns: RUNS },
  )
  assert.ok(held > RUNS / 2, `${held} verdicts were yes`)
})

const PLAIN: ChainPlan['links'][number] = {
  ability: 1,
  resource: 'space',
  token: undefined,
  startsIn: undefined,
  endsIn: undefined,
  fault: 'none',
}

test('a caveat that is not known allows nothing, where ucanto drops it', async () => {
  const space = SPACES[0]!
  const made = await delegate({
    issuer: space,
    audience: GATEWAY,
    capabilities: [{ can: 'space/*', with: space.did(), nb: { origin: 'https://a.example' } }],
    expiration: Infinity,
  })
  assert.equal(await theirs(made, space.did(), undefined), true)
  assert.deepEqual(await chainsIn((await made.archive()).ok!, space.did()), [])
})

test('a caveat that restricts all below it can not be left out below it', async () => {
  const links = [{ ...PLAIN, token: null }, PLAIN]
  const made = await makeChain({ space: 0, links, account: false, decoy: false }, 0)
  const chains = await chainsIn(made.archive, made.space)
  assert.deepEqual(
    chains.map(({ token }) => token),
    [null],
  )
  assert.equal(await theirs(made.delegation, made.space, 'abc'), false)
})

test('who may attest is a matter of the settings', async () => {
  const links = [PLAIN, PLAIN, PLAIN]
  const made = await makeChain({ space: 0, links, account: true, decoy: false }, 0)
  const read = readUcanArchive(made.archive, nodeHasher).ok!
  const rules = { space: made.space, gateways: [GATEWAY.did()], checks, signal }
  const found = await findServeChains(read, { ...rules, attesters: [ATTESTER.did()] })
  assert.equal(found.chains.length, 1)
  assert.equal(found.holdsMs, 60_000, 'as long as the key of the attester is known')
  const stranger = (await keyOf(15)).did()
  const refused = await findServeChains(read, { ...rules, attesters: [stranger] })
  assert.deepEqual(refused.chains, [])
  assert.match(refused.faults.join(), /signature expected by did:mailto/)
})
