import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryLogStore } from '@turnpike/accounting/testing/memory'
import { WITNESSES_MAX } from '@turnpike/core/limits/receipts'
import { formatKey } from '@turnpike/core/note/key'
import { openWitnessAnchor } from '../anchors/witness/open.ts'
import { nodeHasher } from '../hasher.ts'
import { WITNESSES, type WitnessSetting } from './witnesses.ts'

const { kind } = WITNESSES.witnesses

/** A witness with a key of its own. */
function witness(seed: number, url = 'https://w.example/prefix'): WitnessSetting {
  const publicKey = new Uint8Array(32).fill(seed)
  const key = { name: `w${seed}.example/w`, kind: 'cosignature', publicKey } as const
  return { vkey: formatKey(key, nodeHasher), url }
}

const textOf = ({ vkey, url }: WitnessSetting): string => `${vkey}=${url}`

test('witnesses are keys with addresses, as text and in a list', () => {
  const two = [witness(1), witness(2, 'http://127.0.0.1:8090')]
  assert.deepEqual(kind.fromText(two.map(textOf).join(',')), two)
  assert.deepEqual(kind.fromJson(two.map(textOf)), two)
  assert.equal(kind.show(two), two.map(textOf).join(','))
  const { vkey } = witness(1)
  const log = formatKey({ name: 'l', kind: 'ed25519', publicKey: new Uint8Array(32) }, nodeHasher)
  for (const bad of [
    vkey,
    `${vkey}=w.example`,
    `${vkey}=ftp://w.example`,
    `${vkey}=https://user@w.example`,
    `${vkey.replace('w1', 'w2')}=https://w.example`,
    `${log}=https://w.example`,
    'https://w.example',
  ])
    assert.equal(kind.fromText(bad), undefined, bad)
  const most = Array.from({ length: WITNESSES_MAX }, (_, i) => textOf(witness(i)))
  assert.equal(kind.fromJson(most)?.length, WITNESSES_MAX)
  assert.equal(kind.fromJson([...most, textOf(witness(99))]), undefined)
})

test('the anchor takes witnesses of different keys, and more than half of them', () => {
  const open = (witnesses: readonly WitnessSetting[], witnessQuorum?: number): unknown =>
    openWitnessAnchor({
      settings: { witnesses, witnessQuorum, allowPrivateOrigins: false },
      log: new MemoryLogStore(),
      hasher: nodeHasher,
      signal: new AbortController().signal,
    })
  const three = [1, 2, 3].map((seed) => witness(seed))
  open(three)
  open(three, 3)
  assert.throws(() => open([]), /one or more/)
  assert.throws(() => open([...three, witness(1, 'https://other.example')]), /each key once/)
  assert.throws(() => open(three, 1), /more than half/)
  assert.throws(() => open(three, 4), /more than half/)
})
