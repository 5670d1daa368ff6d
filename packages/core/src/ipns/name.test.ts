/**
 * Tests of IPNS names in their text forms.
 * @module
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import fc from 'fast-check'
import { DAG_PB, linkToCid, RAW } from '../link.ts'
import { encodeMultihash, IDENTITY, SHA2_256, SHA2_512 } from '../multihash.ts'
import { INLINE_KEY_BYTES_MAX, ipnsNameFromString, ipnsNameToString, LIBP2P_KEY } from './name.ts'

const digest32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const multihashes = fc.oneof(
  digest32.map((digest) => encodeMultihash(SHA2_256, digest)),
  fc
    .uint8Array({ minLength: 1, maxLength: INLINE_KEY_BYTES_MAX })
    .map((key) => encodeMultihash(IDENTITY, key)),
)

describe('IPNS names', () => {
  it('reads every text form of the same key', () => {
    fc.assert(
      fc.property(multihashes, fc.constantFrom(LIBP2P_KEY, DAG_PB), (multihash, codec) => {
        const cid = linkToCid({ version: 1, codec, multihash })
        const peerId = base58btc.encode(multihash).slice(1)
        const forms = [ipnsNameToString(multihash), cid.toString(base32), cid.toString(base58btc)]
        // Peer ids begin with 1 (a short key whole) or Qm (a hash).
        if (/^(?:1|Qm)/.test(peerId)) forms.push(peerId)
        for (const form of forms)
          assert.deepEqual(ipnsNameFromString(form)?.multihash, multihash, form)
      }),
    )
  })

  it('writes base36 with codec libp2p-key, whatever came', () => {
    const peerId = '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d'
    const { multihash } = ipnsNameFromString(peerId)!
    const name = 'k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam'
    assert.equal(ipnsNameToString(multihash), name)
    const rsa = ipnsNameFromString('QmVujd5Vb7moysJj8itnGufN7MEtPRCNHkKpNuA4onsRa3')!
    assert.equal(ipnsNameToString(rsa.multihash).length, 56)
  })

  it('refuses what is no name of a key', () => {
    const hash = encodeMultihash(SHA2_256, new Uint8Array(32))
    const long = encodeMultihash(IDENTITY, new Uint8Array(INLINE_KEY_BYTES_MAX + 1))
    const wide = encodeMultihash(SHA2_512, new Uint8Array(64))
    const short = encodeMultihash(SHA2_256, new Uint8Array(31))
    const refused = [
      '',
      'example.com',
      '1',
      '1OIl',
      'k51',
      'bafkqaaa',
      linkToCid({ version: 1, codec: RAW, multihash: hash }).toString(),
      ...[long, wide, short].map((multihash) => ipnsNameToString(multihash)),
      'k'.repeat(10_000),
      '1'.repeat(10_000),
    ]
    for (const text of refused) assert.equal(ipnsNameFromString(text), undefined, text)
  })
})
