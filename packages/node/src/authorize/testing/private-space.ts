/**
 * For tests: a deployment that serves, with a private space beside the default one.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { addPaths, type AddResult } from '../../add/add.ts'
import { openToAdd } from '../../add/context.ts'
import { importCars } from '../../add/import-car.ts'
import type { Settings } from '../../config/settings.ts'
import { callOwner } from '../../control/client.ts'
import { startDeployment, testFolder, type Deployment } from '../../testing/deployment.ts'
import type { DelegationCreated, SpaceCreated } from '../operations.ts'

/** What the private file says. */
export const SECRET = 'for friends only'

/** A deployment with a private file. */
export interface PrivateRig {
  readonly deployment: Deployment
  /** DID of the private space. */
  readonly space: string
  /** The private file, in a folder. */
  readonly added: AddResult
  /** Path of the private file. */
  readonly path: string
  /** Adds a file to a space, or imports a CAR. */
  put(name: string, bytes: Uint8Array, space?: string): Promise<AddResult>
  /** Lets this gateway serve the private space. */
  delegate(options?: { token?: string; expiresMs?: number }): Promise<DelegationCreated>
  revoke(cid: string): Promise<void>
  /** Status and text of an answer. */
  get(path: string, headers?: Record<string, string>): Promise<readonly [number, string]>
}

/** Starts it; it ends with the test. */
export async function privateRig(
  t: Pick<TestContext, 'after'>,
  settings: Partial<Settings> = {},
): Promise<PrivateRig> {
  const folder = await testFolder()
  const data = join(folder.path, 'data')
  const deployment = await startDeployment(data, settings)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const call = async (method: string, params: object): Promise<unknown> => {
    const called = await callOwner(data, method, params)
    if (called.error) throw called.error
    return called.ok
  }
  const { did } = (await call('spaceCreate', { name: 'private' })) as SpaceCreated
  const put = async (name: string, bytes: Uint8Array, space?: string): Promise<AddResult> => {
    const file = join(folder.path, name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, bytes)
    const opened = (await openToAdd(data, space)).ok!
    try {
      const isCar = name.endsWith('.car')
      const from = name.includes('/') ? join(file, '..') : file
      const added = await (isCar ? importCars(opened, [file]) : addPaths(opened, [from]))
      if (added.error) throw added.error
      return added.ok as AddResult
    } finally {
      await opened.close()
    }
  }
  const added = await put('private/a.txt', Buffer.from(SECRET), 'private')
  const get: PrivateRig['get'] = async (path, headers = {}) => {
    const response = await fetch(`${deployment.url}${path}`, { headers })
    return [response.status, await response.text()]
  }
  return {
    deployment,
    space: did,
    added,
    path: `/ipfs/${added.cid}/a.txt`,
    put,
    delegate: async (options = {}) =>
      (await call('delegationCreate', { space: did, ...options })) as DelegationCreated,
    revoke: async (cid) => {
      await call('delegationRevoke', { cid })
    },
    get,
  }
}
