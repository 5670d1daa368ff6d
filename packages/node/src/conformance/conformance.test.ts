/**
 * The conformance tables against one deployment that has all of the suite's data, as the suite
 * itself finds it.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import {
  absent,
  FixtureCar,
  fixtureNameMap,
  fixturePaths,
  fixtureRecords,
} from '@turnpike/gateway/testing/conformance/fixtures'
import { groupLines, shortGroups } from '@turnpike/gateway/testing/conformance/groups'
import { testGroups } from '@turnpike/gateway/testing/conformance/run'
import { send } from '@turnpike/gateway/testing/conformance/table'
import { GROUPS } from '@turnpike/gateway/testing/conformance/tables'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { callOwner } from '../control/client.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'

let deployment: Deployment
let folder: Awaited<ReturnType<typeof testFolder>>

if (!absent) {
  before(async () => {
    folder = await testFolder()
    deployment = await startDeployment(folder.path, {
      subdomainHosts: ['example.com'],
      nameMap: nameMap(),
      dnsResolver: { kind: 'off' },
    })
    for (const path of fixturePaths('car')) await deployment.importCar(path)
    for (const { name, bytes } of fixtureRecords()) await putRecord(name, bytes)
  })

  after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
}

/** The suite's DNS names, from the variable that it sets. */
function nameMap(): Settings['nameMap'] {
  const env = { IPFS_NS_MAP: fixtureNameMap() }
  const loaded = loadSettings({ flags: { data: folder.path }, env })
  if (loaded.error) throw loaded.error
  return loaded.ok.settings.nameMap
}

/** Keeps a record under its name, even one that is invalid. */
async function putRecord(name: string, bytes: Uint8Array): Promise<void> {
  const record = Buffer.from(bytes).toString('base64')
  const put = await callOwner(deployment.data, 'namePut', { name, record, evenInvalid: true })
  if (put.error) throw put.error
}

testGroups(GROUPS, { url: () => deployment.url })

test('tags of CARs differ where the bytes do', { skip: absent }, async () => {
  const { root } = new FixtureCar('trustless_gateway_car/subdir-with-mixed-block-files.car')
  const tagOf = async (path: string, query: string): Promise<string> => {
    const target = `/ipfs/${root}${path}?format=car${query}`
    const { headers } = await send(deployment.url, { method: 'HEAD', path: target })
    return headers['etag'] as string
  }
  const paths = ['', '/subdir', '/subdir/multiblock.txt']
  const queries = ['', '&dag-scope=entity', '&dag-scope=block', '&car-dups=y', '&entity-bytes=0:1']
  const tags = await Promise.all(paths.flatMap((path) => queries.map((q) => tagOf(path, q))))
  assert.equal(new Set(tags).size, tags.length)
  assert.equal(await tagOf('', ''), await tagOf('', '&dag-scope=all&car-order=dfs&x=y'))
})

const PAGE = resolve(import.meta.dirname, '../../../../docs/operating/conformance.md')

test('no group has fewer rows than the suite has requests', { skip: absent }, () => {
  assert.deepEqual(shortGroups(GROUPS), [])
})

test('the page says how many rows each group has', { skip: absent }, () => {
  const said = readFileSync(PAGE, 'utf8').replaceAll(/ +/g, ' ')
  const missing = groupLines(GROUPS).filter((line) => !said.includes(line))
  assert.deepEqual(missing, [], 'run `npm run docs`')
})
