/**
 * Runs conformance tables against a deployment that has the data.
 * @module
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { faults, send, type ConformanceCase } from '@turnpike/gateway/testing/conformance/table'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { absent } from './fixtures.ts'

export {
  faults,
  send,
  type ConformanceCase,
  type Wants,
} from '@turnpike/gateway/testing/conformance/table'

/** Runs a table against one deployment that holds the CARs; each row is a test of its own. */
export function conformance(
  group: string,
  cars: readonly string[],
  table: () => readonly ConformanceCase[],
): void {
  test(group, { skip: absent }, async (t) => {
    const deployment = await deploymentOf(t, cars)
    for (const row of table())
      await t.test(row.name, async () => {
        assert.deepEqual(faults(row, await send(deployment.url, row)), [])
      })
    assert.deepEqual(deployment.crashes, [])
  })
}

/** A deployment that holds the blocks of CARs. */
export async function deploymentOf(t: TestContext, cars: readonly string[]): Promise<Deployment> {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  for (const path of cars) await deployment.importCar(path)
  return deployment
}
