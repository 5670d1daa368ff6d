/**
 * The conformance tables against one deployment that has all of the suite's data, as the suite
 * itself finds it.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before } from 'node:test'
import { absent, fixturePaths } from '@turnpike/gateway/testing/conformance/fixtures'
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
    for (const path of fixturePaths('ipns-record')) await putRecord(path)
  })

  after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
}

/** The suite's DNS names, from the variable that it sets. */
function nameMap(): Settings['nameMap'] {
  const IPFS_NS_MAP = readFileSync(fixturePaths('IPFS_NS_MAP')[0]!, 'utf8').trim()
  const loaded = loadSettings({ flags: { data: folder.path }, env: { IPFS_NS_MAP } })
  if (loaded.error) throw loaded.error
  return loaded.ok.settings.nameMap
}

/** Keeps a record under the name that its file has, even one that is invalid. */
async function putRecord(path: string): Promise<void> {
  const name = basename(path, '.ipns-record').split('_')[0]!
  const record = readFileSync(path).toString('base64')
  const put = await callOwner(deployment.data, 'namePut', { name, record, evenInvalid: true })
  if (put.error) throw put.error
}

testGroups(GROUPS, { url: () => deployment.url })
