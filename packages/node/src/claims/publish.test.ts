import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { delegate, DID, invoke, parseLink } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { providerAddresses } from '@turnpike/service/claims/provider-addresses'
import type { Published } from '@turnpike/service/claims/publish'
import { callOwner } from '../control/client.ts'
import type { Settings } from '../config/settings.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { execute } from '../testing/messages.ts'

async function start(t: TestContext, overrides: Partial<Settings>): Promise<Deployment> {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, overrides)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  return deployment
}

async function publish(from: Deployment, to: Deployment): Promise<Published> {
  const { url } = to
  const params = { url, audience: to.turnpike.whoami.gateway }
  const done = await callOwner(from.data, 'claimsPublish', params)
  assert.ifError(done.error)
  return done.ok as Published
}

/** A deployment with one file, claimed under its own address. */
async function startHolder(t: TestContext): Promise<{ holder: Deployment; cid: string }> {
  const holder = await start(t, {})
  const issued = await callOwner(holder.data, 'claimsIssue', { publicUrl: holder.url })
  assert.ifError(issued.error)
  const file = join(holder.data, 'file.txt')
  await writeFile(file, 'found elsewhere '.repeat(100_000))
  const { cid } = await holder.add([file])
  return { holder, cid: cid! }
}

test('what is published to another Turnpike is found there, fetched, and served', async (t) => {
  const { holder, cid } = await startHolder(t)
  const claimIssuers = [holder.turnpike.whoami.gateway]
  const finder = await start(t, { claimIssuers, allowPrivateOrigins: true })
  const path = `${finder.url}/ipfs/${cid}`
  assert.equal((await fetch(path)).status, 404)
  const told = await publish(holder, finder)
  assert.deepEqual(told, { published: 3, refused: [] })
  assert.deepEqual(await publish(holder, finder), told, 'once more changes nothing')
  assert.equal((await fetch(path)).status, 404, 'the space has not let it')
  const audience = finder.turnpike.whoami.gateway
  const made = await callOwner(holder.data, 'delegationCreate', { space: 'default', audience })
  const { archive } = made.ok as { readonly archive: string }
  const stored = await callOwner(finder.data, 'delegationImport', { archive })
  assert.ifError(stored.error)
  await sleep(500)
  const served = await fetch(path)
  assert.equal(served.status, 200)
  assert.equal(await served.text(), 'found elsewhere '.repeat(100_000))
})

test('who may not ask private addresses can not check an index: it is not taken', async (t) => {
  const { holder } = await startHolder(t)
  const finder = await start(t, { claimIssuers: [holder.turnpike.whoami.gateway] })
  const { published, refused } = await publish(holder, finder)
  assert.equal(published, 2, 'two locations')
  assert.deepEqual(
    refused.map(({ name }) => name),
    ['IndexUnavailable'],
  )
})

test('a folder without claims has nothing to publish', async (t) => {
  const holder = await start(t, {})
  const params = { url: holder.url, audience: holder.turnpike.whoami.gateway }
  const done = await callOwner(holder.data, 'claimsPublish', params)
  assert.equal(done.error?.name, 'NothingToPublish')
  for (const wrong of [{ url: 'ftp://x', audience: 'did:web:x' }, { url: holder.url }, {}])
    assert.equal(
      (await callOwner(holder.data, 'claimsPublish', wrong)).error?.name,
      'InvalidParams',
    )
})

test('a service that does not answer, or with nonsense, is told of', async (t) => {
  const holder = await start(t, { publicUrl: 'https://x.example' })
  const file = join(holder.data, 'file.txt')
  await writeFile(file, 'anything')
  await holder.add([file])
  const audience = 'did:web:x.example'
  for (const url of [`${holder.url}/ipfs/`, 'http://127.0.0.1:1/']) {
    const done = await callOwner(holder.data, 'claimsPublish', { url, audience })
    assert.equal(done.error?.name, 'ServiceUnavailable', url)
  }
})

test('assert/* and claim/cache at the front door: what is wrong is named', async (t) => {
  const { url, turnpike } = await start(t, {})
  const { gateway } = turnpike.whoami
  const issuer = await ed25519.generate()
  const audience = DID.parse(gateway)
  const digest = new Uint8Array([0x12, 0x20, ...new Uint8Array(32)])
  const ask = async (can: `${string}/${string}`, nb: object): Promise<string> => {
    const capability = { can, with: issuer.did(), nb }
    const told = await execute(url, gateway, invoke({ issuer, audience, capability } as never))
    return told.error?.name ?? 'taken'
  }
  const location = ['https://x.example/a']
  const link = parseLink('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
  assert.equal(await ask('assert/location', { content: { digest }, location }), 'taken')
  assert.equal(await ask('assert/location', { content: link, location }), 'taken')
  assert.equal(await ask('assert/equals', { content: link, equals: link }), 'taken')
  assert.equal(await ask('assert/index', { content: link, index: link }), 'taken')
  assert.equal(await ask('assert/inclusion', { content: link, includes: link }), 'taken')
  assert.equal(await ask('assert/partition', { content: link, parts: [link] }), 'taken')
  assert.equal(await ask('assert/relation', { content: link, children: [], parts: [] }), 'taken')
  assert.equal(await ask('assert/location', { content: link, location: [] }), 'ClaimInvalid')
  assert.equal(await ask('assert/else', { content: link }), 'HandlerNotFound')
  assert.equal(await ask('claim/cache', { claim: link }), 'ClaimNotFound')
  const foreign = await delegate({
    issuer: await ed25519.generate(),
    audience: issuer,
    capabilities: [{ can: 'assert/location', with: 'did:key:z6MkOther', nb: {} }],
  })
  const capability = {
    can: 'assert/location',
    with: foreign.issuer.did(),
    nb: { content: link, location },
  }
  const told = await execute(url, gateway, invoke({ issuer, audience, capability } as never))
  assert.equal(told.error?.name, 'Unauthorized', 'with another’s DID and no proof')
})

test('addresses for network indexers', () => {
  const [claim, blob] = providerAddresses('https://gw.example:8443/base/')
  const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes!).toString('hex')
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes!).toString('latin1')
  assert.match(
    hex(claim),
    /^350a67772e6578616d706c650620fbbb03e103/,
    '/dns/gw.example/tcp/8443/https',
  )
  assert.match(text(claim), /base\/claim\/\{claim\}$/)
  assert.match(text(blob), /base\/blob\/\{blob\}$/)
  const [bare] = providerAddresses('http://192.0.2.1')
  assert.match(hex(bare), /^04c0000201060050e003/, '/ip4/192.0.2.1/tcp/80/http')
})
