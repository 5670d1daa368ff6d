/**
 * The set-up that docs/operating/conformance.md gives for the official suite, as it stands there,
 * with the suite's data; then a request of each group against it.
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { absent, dataFolder } from '../../gateway/src/testing/conformance/fixtures.ts'
import { testGroups } from '../../gateway/src/testing/conformance/run.ts'
import { GROUPS } from '../../gateway/src/testing/conformance/tables.ts'
import { bin, newFolder } from './testing/commands.ts'

const PAGE = resolve(import.meta.dirname, '../../../docs/operating/conformance.md')
const START_TIMEOUT_MS = 30_000

let shell: ChildProcess | undefined
let url = ''
const ending: (() => void)[] = []

if (!absent) {
  before(async () => {
    const data = newFolder({ after: (end) => void ending.push(end as () => void) })
    const tools = join(dirname(data), 'bin')
    mkdirSync(tools)
    const command = `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`
    writeFileSync(join(tools, 'turnpike'), command, { mode: 0o755 })
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    // exec: so that ending the shell ends the server.
    const script = setUp().replace(/^ {2}turnpike serve/m, '  exec turnpike serve')
    shell = spawn('sh', ['-euc', script], {
      env: {
        PATH: `${tools}:${process.env['PATH']}`,
        FIXTURES: dataFolder,
        DATA: data,
        PORT: String(port),
        TURNPIKE_ADMIN_PORT: '0',
        TURNPIKE_DNS_RESOLVER: 'off',
      },
    })
    await serving(shell)
  })

  after(async () => {
    if (shell?.exitCode === null) {
      shell.kill('SIGTERM')
      const [code] = await once(shell, 'close')
      assert.equal(code, 0)
    }
    for (const end of ending) end()
  })
}

/** The block of the page that adds, puts and serves. */
function setUp(): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```sh\n([^]*?)^```/gm)]
  const found = blocks.map(([, block]) => block!).filter((block) => /turnpike serve/.test(block))
  assert.equal(found.length, 1)
  return found[0]!
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until it says that it serves. */
async function serving(child: ChildProcess): Promise<void> {
  let said = ''
  const { promise, resolve: served, reject } = Promise.withResolvers<void>()
  const timeout = setTimeout(() => reject(new Error(`not serving: ${said}`)), START_TIMEOUT_MS)
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (/^Serving /m.test(said)) served()
    })
  child.once('close', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  await promise.finally(() => clearTimeout(timeout))
}

const first = GROUPS.map(({ name, rows }) => ({ name, rows: () => rows().slice(0, 1) }))

testGroups(first, { url: () => url })

test('records are kept even where they are invalid', { skip: absent }, async () => {
  const name = 'k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku'
  const record = await fetch(`${url}/ipns/${name}?format=ipns-record`)
  assert.equal(record.status, 200)
  assert.equal((await record.arrayBuffer()).byteLength, 144)
  const content = await fetch(`${url}/ipns/${name}`)
  assert.ok(content.status >= 500, String(content.status))
})
