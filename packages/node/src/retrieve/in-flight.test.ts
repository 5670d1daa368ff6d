import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { delegate, DID, Message, CAR, invoke } from '@ucanto/core'
import { generate } from '@ucanto/principal/ed25519'
import { packAgentHeader } from '@turnpike/core/retrieve/header'
import { call, holderRig, type HolderRig } from './testing/pair.ts'

type Proof = Awaited<ReturnType<typeof delegate>>

const can = 'space/content/retrieve'

function proofFor(
  { space }: HolderRig,
  reader: Awaited<ReturnType<typeof generate>>,
): Promise<Proof> {
  const capability = { can, with: space.did() } as const
  return delegate({
    issuer: space,
    audience: reader,
    capabilities: [capability],
    expiration: Infinity,
  })
}

/** Asks for the whole shard, by an invocation of its own. */
async function retrieve(
  { holder, space, shard, url, size }: HolderRig,
  reader: Awaited<ReturnType<typeof generate>>,
  proof: Proof,
): Promise<Response> {
  const nb = { blob: { digest: shard }, range: [0, size - 1] }
  const asked = invoke({
    issuer: reader,
    audience: DID.parse(holder.turnpike.whoami.gateway),
    capability: { can, with: space.did(), nb } as never,
    proofs: [proof],
    nonce: randomBytes(6).toString('hex'),
  })
  const message = await Message.build({ invocations: [asked] })
  const blocks = new Map([...message.iterateIPLDBlocks()].map((block) => [`${block.cid}`, block]))
  const car = CAR.encode({ roots: [message.root] as never, blocks: blocks as never })
  const field = (await packAgentHeader(car)).ok!
  return fetch(url, { headers: { 'x-agent-message': field } })
}

test('a body that is being sent ends when what it stands on is revoked', async (t) => {
  const rig = await holderRig(t, randomBytes(48 << 20))
  const reader = await generate()
  const proof = await proofFor(rig, reader)
  const response = await retrieve(rig, reader, proof)
  assert.equal(response.status, 206)
  let count = 0
  const read = async (): Promise<void> => {
    for await (const chunk of response.body!) {
      const before = count
      count += chunk.length
      if (before >= 1 << 20 || count < 1 << 20) continue
      await call(rig.holder.data, 'delegationRevoke', { cid: `${proof.cid}` })
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  await assert.rejects(read())
  assert.ok(count >= 1 << 20 && count < rig.size, `${count} of ${rig.size}`)
})

test('whoever signs comes as often as one identity may, from whatever connection', async (t) => {
  const settings = { identityTokensPerMinute: 1, identityBurstTokens: 2 }
  const rig = await holderRig(t, randomBytes(1000), settings)
  const [one, other] = [await generate(), await generate()]
  const [ones, others] = [await proofFor(rig, one), await proofFor(rig, other)]
  const statuses: number[] = []
  for (const [reader, proof] of [
    [one, ones],
    [one, ones],
    [one, ones],
    [other, others],
  ] as const) {
    const response = await retrieve(rig, reader, proof)
    statuses.push(response.status)
    await response.arrayBuffer()
  }
  assert.deepEqual(statuses, [206, 206, 429, 206])
})
