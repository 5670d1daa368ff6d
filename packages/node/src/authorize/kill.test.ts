/**
 * A process that is killed while it stores and revokes leaves whole states.
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readUcanArchive } from '@turnpike/core/ucan/archive'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { openFolder } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { scratch, stillClock } from '../testing/data-folder.ts'
import { catalogAuthorizer } from './authorizer.ts'

const RUNS = Number(process.env.TURNPIKE_KILL_RUNS ?? 3)

/** Stores a delegation for token after token and revokes it; says what it has done so far. */
async function killedWork(root: string, afterMs: number): Promise<string> {
  const module = (name: string): string => JSON.stringify(import.meta.resolve(name))
  const script = `
    import { writeSync } from 'node:fs'
    import { openFolder } from ${module('../folder/open.ts')}
    import { nodeHasher as hasher } from ${module('../hasher.ts')}
    import { authorizeOperations } from ${module('./operations.ts')}
    const clock = { nowMs: () => 0, monotonicMs: () => 0 }
    const folder = (await openFolder(${JSON.stringify(root)}, { clock, hasher })).ok
    const owner = authorizeOperations(folder, clock)
    const call = { signal: new AbortController().signal, progress() {} }
    writeSync(1, 'open\\n')
    for (let i = 0; i < 100; i++) {
      const made = await owner.delegationCreate({ space: 'default', token: 't' + i }, call)
      writeSync(1, 's' + i + '\\n')
      const { cid } = made.ok
      await owner.delegationRevoke({ cid }, call)
      writeSync(1, 'r' + i + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const gone = once(child, 'exit')
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  await once(child.stdout, 'data')
  await sleep(afterMs)
  child.kill('SIGKILL')
  await gone
  return Buffer.concat(said).toString()
}

test('what was acknowledged is there, and the rest is whole or not there', async (t) => {
  for (let run = 0; run < RUNS; run++) {
    const root = join(scratch(t), 'data')
    const said = await killedWork(root, Math.random() * 150)
    const folder = (await openFolder(root, { clock: stillClock, hasher: nodeHasher })).ok!
    try {
      const store = new CatalogDelegations(folder.catalog)
      const space = folder.space.did()
      const kept = store.forSpace(space)
      assert.ok(kept.every(({ archive }) => readUcanArchive(archive, nodeHasher).ok))
      const revoked = store.revoked(kept.map(({ cid }) => cid)).length
      assert.equal(store.generation(), kept.length + revoked, 'each change counted once')
      const acknowledged = (what: string): number => said.split(`\n${what}`).length - 1
      // One of them opens the default space to everybody.
      assert.ok(kept.length - 1 - acknowledged('s') in [0, 1], said)
      assert.ok(revoked - acknowledged('r') in [0, 1], said)
      const gateways = [folder.gateway.did()]
      const authorizer = catalogAuthorizer(folder.catalog, stillClock, { gateways })
      assert.ok((await authorizer.authorize(space, undefined)).ok)
    } finally {
      await folder.close()
    }
  }
})
