import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as ed25519 from '@ucanto/principal/ed25519'
import * as rsa from '@ucanto/principal/rsa'
import { principals } from '@turnpike/core/ucan/verifier'
import { nodeVerifier } from '../names/verifier.ts'

const payload = new Uint8Array([1, 2, 3])

test('signatures of both kinds of keys are checked as ucanto checks them', async () => {
  for (const signer of [await ed25519.generate(), await rsa.generate()]) {
    const signature = await signer.sign(payload)
    const verifier = principals(nodeVerifier).parse(signer.did())
    assert.equal(verifier.did(), signer.did())
    assert.equal(verifier.signatureCode, signer.signatureCode)
    assert.equal(await verifier.verify(payload, signature), true)
    assert.equal(await verifier.verify(new Uint8Array([1, 2, 4]), signature), false)
    const other = { code: signature.code + 1, raw: signature.raw }
    assert.equal(await verifier.verify(payload, other), false)
    const tampered = { code: signature.code, raw: signature.raw.map((byte) => byte ^ 1) }
    assert.equal(await verifier.verify(payload, tampered), false)
  }
})

test('a key may sign for another DID', async () => {
  const signer = await ed25519.generate()
  const verifier = principals(nodeVerifier).parse(signer.did()).withDID('did:web:a.example')
  assert.equal(verifier.did(), 'did:web:a.example')
  assert.equal(verifier.toDIDKey(), signer.did())
  assert.equal(await verifier.verify(payload, await signer.sign(payload)), true)
})

test('checks end where their budget does', async () => {
  const signer = await ed25519.generate()
  const signature = await signer.sign(payload)
  let left = 2
  const verifier = principals(nodeVerifier, () => left-- > 0).parse(signer.did())
  const verdicts = [0, 1, 2].map(() => verifier.verify(payload, signature))
  assert.deepEqual(await Promise.all(verdicts), [true, true, false])
})

test('what is no key is refused', () => {
  const secp256k1 = 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'
  const texts = ['did:web:a.example', 'did:key:', 'did:key:z', 'did:key:zl0', secp256k1]
  for (const did of [...texts, `did:key:z${'1'.repeat(5000)}`]) {
    assert.throws(() => principals(nodeVerifier).parse(did), RangeError)
  }
})
