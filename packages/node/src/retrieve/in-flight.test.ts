import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { delegate, DID, Message, CAR, invoke } from '@ucanto/core'
import { generate } from '@ucanto/principal/ed25519'
import { packAgentHeader } from '@turnpike/core/retrieve/header'
import { call, holderRig } from './testing/pair.ts'

test('a body that is being sent ends when what it stands on is revoked', async (t) => {
  const { holder, space, shard, url, size } = await holderRig(t, randomBytes(48 << 20))
  const reader = await generate()
  const can = 'space/content/retrieve'
  const proof = await delegate({
    issuer: space,
    audience: reader,
    capabilities: [{ can, with: space.did() }],
    expiration: Infinity,
  })
  const nb = { blob: { digest: shard }, range: [0, size - 1] }
  const asked = invoke({
    issuer: reader,
    audience: DID.parse(holder.turnpike.whoami.gateway),
    capability: { can, with: space.did(), nb } as never,
    proofs: [proof],
  })
  const message = await Message.build({ invocations: [asked] })
  const blocks = new Map([...message.iterateIPLDBlocks()].map((block) => [`${block.cid}`, block]))
  const car = CAR.encode({ roots: [message.root] as never, blocks: blocks as never })
  const field = (await packAgentHeader(car)).ok!
  const response = await fetch(url, { headers: { 'x-agent-message': field } })
  assert.equal(response.status, 206)
  let count = 0
  const read = async (): Promise<void> => {
    for await (const chunk of response.body!) {
      const before = count
      count += chunk.length
      if (before >= 1 << 20 || count < 1 << 20) continue
      await call(holder.data, 'delegationRevoke', { cid: `${proof.cid}` })
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  await assert.rejects(read())
  assert.ok(count >= 1 << 20 && count < size, `${count} of ${size}`)
})
