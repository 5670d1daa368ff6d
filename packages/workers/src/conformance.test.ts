/**
 * The conformance tables, the same as Node's, against the Worker in workerd.
 * @module
 */
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import { type CarFrame, decodeCar } from '@turnpike/core/car/decode'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import {
  absent,
  fixtureNameMap,
  fixturePaths,
  fixtureRecords,
} from '@turnpike/gateway/testing/conformance/fixtures'
import { testGroups } from '@turnpike/gateway/testing/conformance/run'
import type { ConformanceCase, Got } from '@turnpike/gateway/testing/conformance/table'
import { GROUPS } from '@turnpike/gateway/testing/conformance/tables'
import { alice, gatewayDid, hasher } from '@turnpike/gateway/testing/world'
import { publish, publishRecord } from './publish/publish.ts'
import { publicationOf } from './testing/content.ts'
import { bundle, startWorkerd, type Workerd } from './testing/rig.ts'

let workerd: Workerd

if (!absent) {
  before(async () => {
    const { code } = await bundle('../worker.ts')
    workerd = await startWorkerd(code, {
      GATEWAY_DID: gatewayDid,
      REGION: 'test',
      SUBDOMAIN_HOSTS: 'example.com',
      TRUST_PROXY: 'true',
      IPFS_NS_MAP: fixtureNameMap(),
    })
    const { publication, blob } = publicationOf(alice, fixtureFrames())
    await publish(publication, { bucket: workerd.bucket, hasher, read: async () => blob })
    for (const { name, bytes } of fixtureRecords())
      await publishRecord(workerd.bucket, ipnsNameFromString(name)!.multihash, bytes)
  })

  after(() => workerd.close())
}

/** All blocks of the data but those that their CID holds. */
function fixtureFrames(): CarFrame[] {
  return fixturePaths('car').flatMap((path) => {
    const car = decodeCar(readFileSync(path))
    if (car.error) throw car.error
    return car.ok.frames
  })
}

/** Formats whose length only their end tells: a Worker holds them whole first, and tells it. */
const SPOOLED = /^application\/(?:vnd\.ipld\.car|x-tar)\b|^text\/html\b/

/** A Worker forbids what is in front of it to change the bytes that it counts. */
function undo({ status, headers, body }: Got): Got {
  const { 'content-length': length, 'cache-control': caching, ...others } = headers
  const kept = String(caching ?? '').replace(/(?:, )?no-transform$/, '')
  const spooled = SPOOLED.test(String(headers['content-type'])) && length === `${body.length}`
  return {
    status,
    body,
    headers: {
      // Workerd alone sends none: what is in front of it does.
      date: new Date().toUTCString(),
      ...others,
      ...(kept === '' ? {} : { 'cache-control': kept }),
      ...(spooled ? {} : { 'content-length': length }),
    },
  }
}

/** What no Worker gets. */
function skip({ path, tunnel }: ConformanceCase): string | false {
  return (tunnel || path.startsWith('http:')) && 'a Worker is no HTTP proxy'
}

testGroups(GROUPS, { url: () => workerd.url.href, skip, undo })
