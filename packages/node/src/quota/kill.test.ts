import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import { MARK_BYTES } from '@turnpike/core/limits/log'
import { QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import { callOwner } from '../control/client.ts'
import { DEMO_CUSTOMER } from '../folder/default-space.ts'
import { startDeployment, testFolder } from '../testing/deployment.ts'
import type { ShownQuota } from './show.ts'

const MIB = 1024 * 1024
const FILE_BYTES = 16 * MIB
const LIMIT = 8 * MIB
const KILLS = 1

/** Serves a folder in a process of its own. */
async function serve(
  t: TestContext,
  data: string,
  plans: string,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const entry = join(import.meta.dirname, 'testing/serve-child.ts')
  const child = spawn(process.execPath, [entry, data, plans], { stdio: ['ignore', 'pipe', 2] })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, url: line.toString().trim() }
}

/** Reads until so many bytes came, or the answer ended; then says how many did. */
async function readSome(url: string, path: string, bytesMax: number): Promise<number> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  socket.on('error', () => {})
  let bytes = 0
  for await (const chunk of socket) {
    bytes += (chunk as Buffer).length
    if (bytes >= bytesMax) break
  }
  return bytes
}

test('a limit is passed by marks that a kill cut, and by no more', async (t) => {
  const folder = await testFolder()
  t.after(() => folder.remove())
  const plans = join(folder.path, 'plans.json')
  const plan = { id: FREE_PLAN.id, name: 'Hard', currency: 'EUR', egress: { limit: 'hard' } }
  writeFileSync(plans, JSON.stringify({ plans: [plan] }))
  const file = join(folder.path, 'file')
  writeFileSync(file, randomBytes(FILE_BYTES))
  const data = join(folder.path, 'data')
  const one = await startDeployment(data, { plans })
  const path = `/ipfs/${(await one.add([file])).cid}`
  const grant = { customer: DEMO_CUSTOMER, bytes: LIMIT }
  assert.ok((await callOwner(data, 'grantAdd', grant)).ok)
  await one.stop()

  let sent = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, url } = await serve(t, data, plans)
    sent += await readSome(url, path, 3 * MIB)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const last = await startDeployment(data, { plans })
  while (sent < 4 * FILE_BYTES) {
    const got = await readSome(last.url, path, Infinity)
    sent += got
    if (got < 10_000) break
  }
  const { ok: quota } = await callOwner(data, 'quota', { customer: DEMO_CUSTOMER })
  await last.stop()
  const { used, state } = quota as ShownQuota
  assert.equal(state, 'blocked')
  assert.ok(Number(used) >= LIMIT && Number(used) < LIMIT + QUOTA_WINDOW_BYTES, `${used} used`)
  // Of each read that was killed a mark may be missing, and what the kernel had may be lost.
  assert.ok(sent < LIMIT + QUOTA_WINDOW_BYTES + KILLS * MARK_BYTES + MIB, `${sent} sent`)
})
