/** `turnpike anchor` as its users have it, on a real node. @module */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatKey } from '@turnpike/core/note/key'
import { fund, noAnvil, startAnvil } from '@turnpike/node/anchors/evm/testing/anvil'
import { openEvmKey } from '@turnpike/node/anchors/evm/key'
import { folderPaths } from '@turnpike/node/folder/layout'
import { nodeHasher } from '@turnpike/node/hasher'
import { openLogSigner } from '@turnpike/node/log/signer'
import { newFolder, turnpike } from './testing/commands.ts'

/** What a gateway leaves that ran once, as far as anchors care. */
async function logIn(data: string): Promise<void> {
  const { database, keys } = folderPaths(data)
  mkdirSync(join(data, 'receipts'), { recursive: true })
  writeFileSync(database, '')
  const { name, publicKey } = await openLogSigner(keys, 'gateway.example/log')
  const key = formatKey({ name, kind: 'ed25519', publicKey }, nodeHasher)
  writeFileSync(join(data, 'receipts/log.vkey'), `${key}\n`)
}

test('a contract is deployed, the log registered and looked at', { skip: noAnvil }, async (t) => {
  const data = newFolder(t)
  const anvil = await startAnvil([])
  t.after(() => anvil.stop())
  await logIn(data)
  const where = ['--data', data, '--evm-rpc', anvil.rpc]
  const poor = await turnpike('anchor', 'deploy', ...where)
  assert.equal(poor.code, 1)
  assert.match(poor.stderr, /funds/)
  const { address } = await openEvmKey(folderPaths(data).keys)
  await fund(anvil, address)
  const deployed = await turnpike('anchor', 'deploy', ...where, '--json')
  const contract = String(deployed.json['contract'])
  assert.match(contract, /^0x[0-9a-f]{40}$/, deployed.stderr)
  const registered = await turnpike('anchor', 'register', contract, ...where)
  assert.match(registered.stdout, /^gateway\.example\/log is anchored in 0x.* of chain 31337/)
  const status = await turnpike('anchor', 'status', ...where)
  const shown = new RegExp(`^${address} pays, and has [\\d,]+ gwei[^]*operator ${address}`)
  assert.match(status.stdout, shown)
})
