/**
 * Storacha's own client, from its tree in `compat/`, at the front door of a running Turnpike.
 * `npm run compat` installs the tree; without it the test is skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startDeployment, testFolder } from '@turnpike/node/testing/deployment'

const tree = resolve(import.meta.dirname, '../compat/storacha')
const skip = existsSync(join(tree, 'node_modules'))
  ? false
  : 'run npm run compat, which installs it'

/** What the client's script tells. */
interface Told {
  readonly space: string
  readonly delegation: string
  /** Delegations that the space's owner is told of before and after the revocation. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly revoked: boolean
}

test('@storacha/client lets a gateway serve a space, and takes it back', { skip }, async (t) => {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, { delegationsFrom: 'any' })
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  const args = ['client.mjs', deployment.url, deployment.turnpike.whoami.gateway]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tree })
  const told = JSON.parse(stdout) as Told
  assert.deepEqual(told.before, [told.delegation])
  assert.equal(told.revoked, true)
  assert.deepEqual(told.after, [])
  const page = await fetch(`${deployment.url}/revocations/${told.delegation}`)
  assert.equal(page.status, 200)
  assert.deepEqual(deployment.crashes, [])
})
