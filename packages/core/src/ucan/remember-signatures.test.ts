import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Hasher } from '../ports/runtime.ts'
import { rememberSignatures } from './remember-signatures.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

test('each signature is checked once, whatever it proves, and none for another', async () => {
  let checks = 0
  const verify = (isLate: boolean) => (_key: unknown, message: Uint8Array) => {
    checks += 1
    const verdict = message[0] === 1
    return isLate ? Promise.resolve(verdict) : verdict
  }
  for (const isLate of [false, true]) {
    checks = 0
    const { verify: check } = rememberSignatures({ verify: verify(isLate) }, hasher, 100)
    const key = { kind: 'ed25519', bytes: bytes(1, 2) } as const
    for (let time = 0; time < 2; time++) {
      assert.equal(await check(key, bytes(1, 2), bytes(3)), true)
      assert.equal(await check(key, bytes(2), bytes(3, 1)), false)
      assert.equal(await check({ ...key, bytes: bytes(1) }, bytes(1, 2), bytes(2, 3)), true)
      assert.equal(await check({ ...key, kind: 'rsa' }, bytes(1, 2), bytes(3)), true)
    }
    assert.equal(checks, 4)
  }
})

test('so many are remembered, and no more', async () => {
  let checks = 0
  const verify = (): boolean => {
    checks += 1
    return true
  }
  const { verify: check } = rememberSignatures({ verify }, hasher, 4)
  const key = { kind: 'ed25519', bytes: bytes(1) } as const
  for (const n of [1, 2, 3, 4, 5, 6, 1]) await check(key, bytes(n), bytes())
  assert.equal(checks, 7)
})
