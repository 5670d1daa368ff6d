import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldUpWorld, turn } from './testing/held-up.ts'
import { fileNode, rawBlocks } from './testing/blocks.ts'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { alice } from './testing/world.ts'
import { createGateway } from './gateway.ts'
import { linkToString } from '@turnpike/core/link'

const leaves = rawBlocks(40, 200_000)
const root = fileNode(leaves)

/** A remote file asked for by a client that can leave; its first leaf is awaited. */
async function asked(): Promise<{
  world: HeldUpWorld
  answer: ReturnType<ReturnType<typeof createGateway>['handle']>
  leave(): void
}> {
  const world = new HeldUpWorld()
  world.put(alice, [root], ['https://nodes.example'])
  world.put(alice, leaves, ['https://leaves.example'])
  const { onFill } = world
  world.onFill = (url) => {
    world.hold = url.includes('leaves')
    return onFill(url)
  }
  const client = new AbortController()
  const { signal } = client
  const url = `http://gateway.example/ipfs/${linkToString(root.link)}`
  const answer = createGateway(world.deps()).handle(new Request(url, { signal }))
  while (world.waiting.length === 0) await turn()
  return { world, answer, leave: () => client.abort() }
}

test('a client that leaves before the first byte stops the transfer at once', async () => {
  const { world, answer, leave } = await asked()
  leave()
  assert.equal(world.opened.at(-1)!.signal.aborted, true)
  await world.flush()
  const { status, body } = await answer
  assert.equal(status, 499)
  body.settle({ bytes: 0, grade: 1, end: 'client-left' })
  assert.equal(world.openStreams, 0)
  assert.equal(world.reads[0]!.flags & READ_FLAGS.clientLeft, READ_FLAGS.clientLeft)
})

test('an answer that is settled without being opened stops what was begun for it', async () => {
  const { world, answer } = await asked()
  world.waiting.shift()!.goOn()
  const { body } = await answer
  assert.equal(world.opened.at(-1)!.signal.aborted, false)
  body.settle({ bytes: 0, grade: 1, end: 'client-left' })
  assert.equal(world.opened.at(-1)!.signal.aborted, true)
  await world.flush()
  assert.equal(world.openStreams, 0)
})
