/** What hosts answer that leave nothing to trust, and what is too large to serve. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from './gateway.ts'
import type { GatewayDeps } from './deps.ts'
import { noise, rawBlock } from './testing/blocks.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from './testing/world.ts'
import { errorAnswer } from './plain-answer.ts'
import { refuseTooLarge } from './too-large.ts'
import { trustlessSettings } from './trustless.ts'

const profile = PROFILES['unixfs-v1-2025']
const leaf = rawBlock(noise(100, 1))
const { root: file, blocks: fileParts } = fileBlocks(profile, noise(3 << 20, 2))
const folder = folderBlocks(profile, [
  ['leaf', leaf],
  ['file', file],
])
const cid = linkToString(leaf.link)
const fileCid = linkToString(file.link)
const folderCid = linkToString(folder.at(-1)!.link)
const KEY = 'k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam'

/** Asks a gateway for an absolute URL, with an Accept header if there is one. */
type Ask = (
  url: string,
  options?: { accept?: string; method?: string; range?: string },
) => Promise<Got>

function gateway(deps: Partial<GatewayDeps>): Ask {
  const world = new World()
  world.put(alice, [leaf, ...fileParts, ...folder])
  const made = createGateway(world.deps(deps))
  return async (url, { accept, method = 'GET', range } = {}) => {
    const fields: Record<string, string | undefined> = { accept, range }
    const headers = { get: (name: string) => fields[name] ?? null }
    return drain(await made.handle({ method, url, headers, signal: new AbortController().signal }))
  }
}

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'

test('a trustless host answers blocks by CID and CARs by any path, and OPTIONS', async () => {
  const ask = gateway({ trustless: trustlessSettings(['Trustless.Example'], false) })
  for (const [path, accept] of [
    [`/ipfs/${cid}?format=raw`, undefined],
    [`/ipfs/${cid}`, RAW],
    [`/ipfs/${cid}/?format=raw`, undefined],
    [`/ipfs/${folderCid}/leaf?format=car`, undefined],
    [`/ipfs/${folderCid}`, CAR],
    ['/ipfs/bafkqaaa?format=raw', undefined],
    ['/ipfs/bafkqaaa?format=car', undefined],
  ] as const) {
    const got = await ask(`http://trustless.example:8080${path}`, accept ? { accept } : {})
    assert.equal(got.status, 200, path)
  }
  const dotted = await ask(`http://trustless.example.:8080/ipfs/${cid}`)
  assert.equal(dotted.status, 406)
  const probe = await ask('http://trustless.example/ipfs/bafkqaaa?format=raw', { method: 'HEAD' })
  assert.equal(probe.status, 200)
  const options = await ask(`http://trustless.example/ipfs/${cid}`, { method: 'OPTIONS' })
  assert.equal(options.status, 204)
})

test('and nothing else: 406', async () => {
  for (const [trustless, host] of [
    [trustlessSettings(['trustless.example'], false), 'trustless.example'],
    [trustlessSettings(['trustless.example:8080'], false), 'TRUSTLESS.example:8080'],
    [trustlessSettings([], true), 'any.example'],
  ] as const) {
    const ask = gateway({ trustless })
    for (const [path, accept] of [
      [`/ipfs/${cid}`, undefined],
      [`/ipfs/${cid}`, 'text/html'],
      [`/ipfs/${folderCid}/`, undefined],
      [`/ipfs/${folderCid}/leaf?format=raw`, undefined],
      [`/ipfs/${folderCid}/leaf`, RAW],
      [`/ipfs/${folderCid}/missing`, undefined],
      [`/ipfs/${cid}?format=tar`, undefined],
      [`/ipfs/${cid}?format=json`, undefined],
      ['/ipfs/bafkqaaa', undefined],
    ] as const) {
      const got = await ask(`http://${host}${path}`, accept ? { accept } : {})
      assert.equal(got.status, 406, `${host}${path}`)
    }
  }
})

test('other hosts answer all', async () => {
  const ask = gateway({ trustless: trustlessSettings(['trustless.example'], false) })
  for (const host of ['gateway.example', 'not-trustless.example', 'trustless.example.net'])
    assert.equal((await ask(`http://${host}/ipfs/${folderCid}/leaf`)).status, 200, host)
})

test('subdomains of a trustless host are trustless', async () => {
  const ask = gateway({ trustless: trustlessSettings(['sub.example'], false) })
  const host = `http://${cid}.ipfs.sub.example`
  assert.equal((await ask(`${host}/`)).status, 406)
  assert.equal((await ask(`${host}/?format=raw`)).status, 200)
})

test('a size that is too much may be kept, and one field says so', async () => {
  const { headers } = errorAnswer(
    refuseTooLarge({ sizeBytes: 2, billable: true }, undefined, 1)!,
    new Request('http://a.example/'),
    '',
  )
  assert.equal(headers.filter(([name]) => name === 'Cache-Control').length, 1)
})

test('a name is no content that can be verified', async () => {
  const names = {
    hasDnsLink: () => Promise.resolve(false),
    resolve: () => Promise.resolve({ ok: { root: leaf.link, segments: [], ttlMs: undefined } }),
  }
  const never = { ...names, resolve: () => assert.fail('not to be followed') }
  const ask = gateway({ names: never, trustless: trustlessSettings([], true) })
  for (const path of [`/ipns/${KEY}`, `/ipns/${KEY}?format=raw`, `/ipns/${KEY}?format=car`])
    assert.equal((await ask(`http://gateway.example${path}`)).status, 406, path)
  const record = await ask('http://gateway.example/ipns/dns.example?format=ipns-record')
  assert.equal(record.status, 406)
  const trusting = gateway({ names })
  assert.equal((await trusting(`http://gateway.example/ipns/${KEY}`)).status, 200)
})

test('content at the bound of an operator is served, content above is gone', async () => {
  const sizeBytes = 3 << 20
  const at = gateway({ responseBytesMax: sizeBytes })
  assert.equal((await at(`http://gateway.example/ipfs/${fileCid}`)).body.length, sizeBytes)
  const ask = gateway({ responseBytesMax: sizeBytes - 1 })
  for (const options of [{}, { method: 'HEAD' }, { range: 'bytes=0-1' }]) {
    const got = await ask(`http://gateway.example/ipfs/${folderCid}/file`, options)
    assert.equal(got.status, 410)
    assert.equal(
      got.headers.get('cache-control'),
      'public, max-age=604800, stale-while-revalidate=2678400',
    )
  }
  assert.equal((await ask(`http://gateway.example/ipfs/${folderCid}/leaf`)).status, 200)
  assert.equal((await ask(`http://gateway.example/ipfs/${folderCid}/`)).status, 200)
  assert.equal((await ask(`http://gateway.example/ipfs/${fileCid}?format=car`)).status, 200)
  const tiny = gateway({ responseBytesMax: 1 })
  assert.equal((await tiny(`http://gateway.example/ipfs/${cid}?format=raw`)).status, 200)
  assert.equal((await tiny(`http://gateway.example/ipfs/${cid}`)).status, 410)
})
