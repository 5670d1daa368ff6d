/**
 * Storacha's clients of claims, from their tree in `compat/`, against a running Turnpike. `npm run
 * compat` installs the tree; without it the test is skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { base58btc } from 'multiformats/bases/base58'
import { linkFromString } from '@turnpike/core/link'
import { startDeployment, testFolder } from '@turnpike/node/testing/deployment'

const tree = resolve(import.meta.dirname, '../compat/storacha')
const skip = existsSync(join(tree, 'node_modules'))
  ? false
  : 'run npm run compat, which installs it'

interface Shown {
  readonly type: string
  readonly issuer: string
  readonly location?: readonly string[]
  readonly space?: string
}

interface Answer {
  readonly error?: string
  readonly claims: readonly Shown[]
  readonly shards: readonly string[]
  readonly slices: readonly string[]
}

/** What the clients' script tells. */
interface Told {
  readonly standard: Answer
  readonly compressed: Answer
  readonly ofSpace: Answer
  readonly ofOther: Answer
  readonly legacy: readonly Shown[]
  readonly absent: number
  readonly published: boolean
  readonly equals?: string
  readonly after: readonly Shown[]
  readonly publisher: string
}

const KINDS = ['assert/index', 'assert/location', 'assert/location']

function kindsOf(claims: readonly Shown[]): string[] {
  return claims.map(({ type }) => type).toSorted()
}

test('indexing-service-client and content-claims find and publish claims', { skip }, async (t) => {
  const folder = await testFolder()
  const publicUrl = 'https://public.example'
  const deployment = await startDeployment(folder.path, { publicUrl })
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  const file = join(folder.path, 'file.txt')
  await writeFile(file, 'claimed content')
  const { cid, shards } = await deployment.add([file])
  const { gateway, defaultSpace } = deployment.turnpike.whoami
  const args = ['claims.mjs', deployment.url, gateway, cid!, defaultSpace]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tree })
  const told = JSON.parse(stdout) as Told
  const shard = base58btc.encode(linkFromString(shards[0]!.cid)!.multihash)
  const block = base58btc.encode(linkFromString(cid!)!.multihash)
  for (const answer of [told.standard, told.compressed, told.ofSpace]) {
    assert.equal(answer.error, undefined)
    assert.deepEqual(kindsOf(answer.claims), KINDS)
    assert.ok(answer.claims.every(({ issuer }) => issuer === gateway))
    assert.deepEqual(answer.shards, [shard])
    assert.ok(answer.slices.includes(block), 'the index lists the block')
  }
  const places = told.standard.claims.filter(({ type }) => type === 'assert/location')
  assert.ok(places.every(({ space }) => space === defaultSpace))
  const urls = places.flatMap(({ location = [] }) => location)
  assert.ok(urls.includes(`${publicUrl}/blob/${shard}`), urls.join())
  assert.deepEqual(kindsOf(told.ofOther.claims), [])
  assert.deepEqual(kindsOf(told.legacy), KINDS)
  assert.equal(told.absent, 0)
  assert.equal(told.published, true)
  assert.equal(told.equals, 'Unauthorized', 'in the gateway’s name, without its leave')
  const late = told.after.find(({ issuer }) => issuer === told.publisher)
  assert.deepEqual(late?.location, ['https://elsewhere.example/x'])
  assert.deepEqual(deployment.crashes, [])
})
