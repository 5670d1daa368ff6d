/**
 * The command line as its users have it: processes, sockets, files.
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'

const bin = resolve(import.meta.dirname, '../bin/turnpike.mjs')
const site = resolve(import.meta.dirname, '../../../examples/site')

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The last line of stdout, when it is JSON. */
  readonly json: Record<string, unknown>
}

function launch(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('TURNPIKE_'))
  return spawn(process.execPath, [bin, ...words], { env: { ...Object.fromEntries(clean), ...env } })
}

async function turnpike(...words: string[]): Promise<Ran> {
  const child = launch(words)
  const read = async (stream: NodeJS.ReadableStream): Promise<string> =>
    Buffer.concat((await (stream as NodeJS.ReadStream).toArray()) as Buffer[]).toString()
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([read(child.stdout!), read(child.stderr!)])
  const [code] = await ended
  return { code, stdout, stderr, json: lastJson(stdout) }
}

function lastJson(stdout: string): Record<string, unknown> {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
  } catch {
    return {}
  }
}

function folder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-cli-'))
  t.after(() => rmSync(root, { recursive: true }))
  return join(root, 'data')
}

interface Running {
  readonly url: string
  readonly adminUrl: string
  readonly cid: string
  stop(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts a server and waits for its line of JSON. */
async function running(t: TestContext, ...words: string[]): Promise<Running> {
  const child = launch([...words, '--json', '--port', '0', '--admin-port', '0'])
  t.after(() => child.kill('SIGKILL'))
  const errors: Buffer[] = []
  child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk))
  const line = await Promise.race([
    once(child.stdout!, 'data').then(([chunk]) => String(chunk)),
    once(child, 'close').then(() => assert.fail(Buffer.concat(errors).toString())),
  ])
  const { url, adminUrl, cid } = JSON.parse(line)
  const ended = once(child, 'close')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    const [code] = await ended
    return code
  }
  return { url, adminUrl, cid, stop }
}

test('add, serve, read, usage: what was read is counted, running and stopped', async (t) => {
  const data = folder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  assert.equal(added.code, 0, added.stderr)
  const cid = String(added.json.cid)
  const server = await running(t, 'serve', '--data', data)
  const page = await fetch(`${server.url}/ipfs/${cid}/style.css`).then((got) => got.text())
  assert.match(page, /:root/)
  const usage = await turnpike('usage', '--data', data, '--json', '--by', 'cid')
  assert.equal(usage.json.reads, 1, usage.stderr)
  assert.equal(usage.json.bytes, Buffer.byteLength(page))
  // A second owner is refused, and says who the first is; a command beside it is not.
  const second = await turnpike('serve', '--data', data, '--port', '0')
  assert.equal(second.code, 4, second.stderr)
  const again = await turnpike('add', site, '--data', data, '--json')
  assert.equal(again.json.cid, cid)
  assert.equal(await server.stop('SIGINT'), 0)
  assert.equal(existsSync(join(data, 'control.sock')), false)
  const stopped = await turnpike('usage', '--data', data, '--json')
  assert.equal(stopped.json.bytes, Buffer.byteLength(page))
})

test('rm withdraws at once, gc frees, a second rm finds nothing', async (t) => {
  const data = folder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  const cid = String(added.json.cid)
  assert.equal((await turnpike('rm', cid, '--data', data)).code, 0)
  const again = await turnpike('rm', cid, '--data', data, '--json')
  assert.equal(again.code, 3)
  assert.equal((again.json.error as Error).name, 'RootUnknown')
  const freed = await turnpike('gc', '--data', data, '--json')
  assert.ok(Number(freed.json.bytes) > 7000, freed.stdout + freed.stderr)
})

test('start serves a folder, the same one again as it was, and ends on SIGTERM', async (t) => {
  const data = folder(t)
  const first = await running(t, 'start', site, '--data', data)
  const answer = await fetch(first.url)
  assert.match(await answer.text(), /The Long Road/)
  assert.equal((await fetch(`${first.adminUrl}/readyz`)).status, 200)
  assert.equal((await fetch(`${first.adminUrl}/metrics`)).status, 401)
  assert.equal(await first.stop('SIGTERM'), 0)
  const second = await running(t, 'start', site, '--data', data)
  assert.equal(second.cid, first.cid)
  assert.equal(await second.stop('SIGTERM'), 0)
})

test('a wrong command line or setting does nothing, and says what is wrong', async (t) => {
  const data = folder(t)
  for (const [words, code, says] of [
    [['serv'], 2, /did you mean "serve"/],
    [['serve', '--data', data, '--port', 'x'], 2, /--port: expected a whole number/],
    [['usage', '--data', data], 3, /expected a data folder/],
    [['usage', '--data', data, '--since', 'soon'], 2, /"since" expected/],
    [['add', '--data', data], 2, /PATH… or --car FILE/],
    [['rm', 'nonsense', '--data', data], 3, /expected a data folder/],
  ] as const) {
    const { code: got, stderr } = await turnpike(...words)
    assert.equal(got, code, `${words.join(' ')}: ${stderr}`)
    assert.match(stderr, says)
    assert.equal(existsSync(data), false, words.join(' '))
  }
  const file = join(data, '..', 'bad.car')
  writeFileSync(file, 'nonsense')
  const bad = await turnpike('add', '--car', file, '--data', data)
  assert.equal(bad.code, 1)
  assert.doesNotMatch(bad.stderr, /\n\s+at /)
  const none = await turnpike('add', join(data, 'none'), '--data', data)
  assert.equal(none.code, 3, none.stderr)
})

test('a command that is interrupted exits 130 and leaves nothing visible', async (t) => {
  const data = folder(t)
  const big = join(data, '..', 'big.bin')
  writeFileSync(big, Buffer.alloc(200 * 1024 * 1024))
  const child = launch(['add', big, '--data', data])
  child.stderr!.resume()
  child.stdout!.resume()
  while (!existsSync(join(data, 'stages')) && child.exitCode === null)
    await new Promise((resolve_) => setTimeout(resolve_, 10))
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.ok(code === 130 || code === 0, String(code))
  const usage = await turnpike('gc', '--data', data, '--json')
  assert.equal(usage.code, 0, usage.stderr)
})
