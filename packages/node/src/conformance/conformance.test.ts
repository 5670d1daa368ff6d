/**
 * The conformance tables against one deployment that has all of the suite's data, as the suite
 * itself finds it.
 * @module
 */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { absent, fixturePaths } from '@turnpike/gateway/testing/conformance/fixtures'
import { testGroups } from '@turnpike/gateway/testing/conformance/run'
import { GROUPS } from '@turnpike/gateway/testing/conformance/tables'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'

let deployment: Deployment
let folder: Awaited<ReturnType<typeof testFolder>>

if (!absent) {
  before(async () => {
    folder = await testFolder()
    deployment = await startDeployment(folder.path, { subdomainHosts: ['example.com'] })
    for (const path of fixturePaths('car')) await deployment.importCar(path)
  })

  after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
}

testGroups(GROUPS, { url: () => deployment.url })
