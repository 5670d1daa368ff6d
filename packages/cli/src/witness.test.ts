import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { launch, newFolder, turnpike } from './testing/commands.ts'

const LOG = 'gateway.example/receipts/1+fb3a2a76+ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS'

test('a witness has a folder for itself, and its key as long as that', async (t) => {
  const folder = newFolder(t)
  const words = ['receipts', 'witness', folder, '--port', '0', '--json']
  const child = launch([...words, '--name', 'witness.example/w1', '--log', LOG])
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout!, 'data')
  const { url, key, logs } = JSON.parse(String(line))
  assert.equal(logs, 1)
  assert.equal((await (await fetch(`${url}/vkey`)).text()).trim(), key)
  assert.equal((await turnpike(...words)).code, 4)
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  const other = await turnpike(...words, '--name', 'witness.example/w2')
  assert.equal(other.code, 1)
  assert.match(other.stderr, /expected the name witness.example\/w1/)
})
