import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestLog } from './testing/log.ts'

const ROUNDS = Number(process.env['TURNPIKE_WITNESS_KILLS'] ?? 2)
const ENTRIES = 2000

async function start(folder: string, vkey: string): Promise<{ child: ChildProcess; url: string }> {
  const program = join(import.meta.dirname, 'testing/witness-child.ts')
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [program, folder, vkey], { stdio: [...stdio] })
  const [line] = await once(child.stdout!, 'data')
  return { child, url: String(line).trim() }
}

test('a witness that is killed at any moment has kept all that it cosigned', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-witness-kill-'))
  t.after(() => rm(folder, { recursive: true }))
  const log = new TestLog('log.example/1').grow(ENTRIES)
  let cosigned = 0
  let asked = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { child, url } = await start(folder, log.vkey)
    t.after(() => child.kill('SIGKILL'))
    const post = (oldSize: number, size: number): Promise<Response> => {
      const body = Buffer.from(log.request(oldSize, size))
      return fetch(`${url}/add-checkpoint`, { method: 'POST', body })
    }
    const conflict = await post(ENTRIES, ENTRIES)
    assert.equal(conflict.status, 409)
    const kept = Number(await conflict.text())
    assert.ok(kept === cosigned || kept === asked, `cosigned ${cosigned}, has kept ${kept}`)
    cosigned = kept
    for (let answers = 0; ; answers++) {
      if (answers === 1) setTimeout(() => child.kill('SIGKILL'), 50 * Math.random())
      asked = cosigned + 1
      const answer = await post(cosigned, asked).catch(() => undefined)
      const line = await answer?.text().catch(() => undefined)
      if (line === undefined) break
      assert.equal(answer!.status, 200, line)
      cosigned = asked
    }
  }
  assert.ok(cosigned > 0)
})
