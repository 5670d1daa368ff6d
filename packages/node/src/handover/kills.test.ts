import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkLog } from '@turnpike/accounting/check-log'
import { decodeLogged, LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { accountingPaths, openAccounting } from '../accounting/open.ts'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { badNetwork } from './testing/bad-network.ts'
import { hostFolder } from './testing/hosts.ts'

const KILLS = Number(process.env['TURNPIKE_TEST_HANDOVER_KILLS'] ?? 2)

interface Child {
  /** The last line that it wrote. */
  line(): string
  kill(): Promise<void>
  ended(): Promise<void>
}

function childOf(t: TestContext, file: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(`testing/${file}`, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let said = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-64)
  })
  t.after(() => child.kill('SIGKILL'))
  return {
    line: () => said.split('\n').at(-2) ?? '',
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
    async ended() {
      assert.deepEqual(await closed, [0, null])
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Ids of all reads in a log, once for each entry. */
async function loggedIds(dataDir: string): Promise<string[]> {
  const store = await FileLogStore.open(accountingPaths(dataDir).log)
  try {
    assert.equal((await checkLog(store, nodeHasher)).error, undefined)
    const state = decodeState(nodeHasher, store.load()!.bytes)
    const ids: string[] = []
    for await (const run of new LogReader(store, nodeHasher, state).runs(0, state.size))
      for (const [i, bytes] of run.entries.entries()) {
        const logged = decodeLogged(run.first + i, bytes)
        if (logged.kind === 'read') ids.push(Buffer.from(logged.entry.id).toString('hex'))
      }
    return ids
  } finally {
    store.close()
  }
}

test('either side killed, requests lost, doubled and late: each read counts once', async (t) => {
  const [home, edge] = [await hostFolder(), await hostFolder()]
  const port = await freePort()
  const network = await badNetwork(() => `http://127.0.0.1:${port}`, Math.random)
  t.after(async () => {
    await network.close()
    await home.remove()
    await edge.remove()
  })
  const startHome = async (): Promise<Child> => {
    const child = childOf(t, 'home-child.ts', [home.path, edge.did, String(port)])
    for (let i = 0; child.line() !== 'serving'; i++) {
      assert.ok(i < 600, 'home starts')
      await sleep(50)
    }
    return child
  }
  const startEdge = (task: string): Child =>
    childOf(t, 'edge-child.ts', [edge.path, edge.did, home.did, network.url, task])
  let [homeChild, edgeChild] = [await startHome(), startEdge('read')]
  let durable = 0
  for (let run = 0; run < KILLS; run++) {
    await sleep(400 + Math.random() * 600)
    if (run % 2 === 0) {
      await homeChild.kill()
      homeChild = await startHome()
    } else {
      await edgeChild.kill()
      durable = Number(edgeChild.line())
      edgeChild = startEdge('read')
    }
  }
  await edgeChild.kill()
  durable = Math.max(durable, Number(edgeChild.line()))
  await network.heal()
  const last = startEdge('drain')
  await last.ended()
  const written = Number(last.line())
  await homeChild.kill()
  const accounting = await openAccounting({ dataDir: home.path, origin: 'o', slotsInUse: [] })
  const { ok: usage } = await accounting.ok!.usage({})
  await accounting.ok!.close()
  const ids = await loggedIds(home.path)
  assert.ok(durable > 0 && written >= durable, `${written} of ${durable}`)
  assert.equal(new Set(ids).size, ids.length, 'none twice')
  assert.equal(ids.length, written, 'none lost')
  assert.equal(usage!.bytes, BigInt(written))
  t.diagnostic(`${written} reads; requests: ${JSON.stringify(network.did)}`)
})
