/**
 * The conformance tables against one deployment that has all of the suite's data, as the suite
 * itself finds it.
 * @module
 */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import {
  absent,
  fixtureNameMap,
  fixturePaths,
  fixtureRecords,
} from '@turnpike/gateway/testing/conformance/fixtures'
import { testGroups } from '@turnpike/gateway/testing/conformance/run'
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
