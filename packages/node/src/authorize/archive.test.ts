/**
 * What is taken for a UCAN: bytes that match their CIDs, in the one form that a UCAN has.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import { type API, CAR, CBOR, delegate, UCAN } from '@ucanto/core'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import {
  DELEGATION_ARCHIVE_BYTES_MAX,
  DELEGATION_BLOCKS_MAX,
  UCAN_CAPABILITIES_MAX,
} from '@turnpike/core/limits/ucan'
import { readUcanArchive } from '@turnpike/core/ucan/archive'
import { checkServeDelegation } from '@turnpike/core/ucan/serve'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { GATEWAY, keyOf, SPACES } from './testing/chains.ts'

const space = SPACES[0]!
const agent = await keyOf(21)
const NOW_MS = 1_800_000_000_000

type Model = Record<string, unknown>

async function delegation(proofs: API.Delegation[] = []): Promise<API.Delegation> {
  return delegate({
    issuer: space,
    audience: GATEWAY,
    capabilities: [{ can: 'space/content/serve/*', with: space.did() }],
    expiration: Infinity,
    proofs: proofs as never,
  }) as never
}

function cidOf(bytes: Uint8Array, codec = 0x71, hash = 0x12): CID {
  const digest = hash === 0 ? bytes : nodeHasher.digest(hash, bytes)!
  return CID.createV1(codec, Digest.create(hash, digest))
}

/** An archive whose root is the block `bytes`, under the CID `cid`. */
async function archiveOf(bytes: Uint8Array, cid: CID = cidOf(bytes)): Promise<Uint8Array> {
  const variant = await CBOR.write({ 'ucan@0.9.1': cid })
  const blocks = new Map<string, object>([
    [`${cid}`, { cid, bytes }],
    [`${variant.cid}`, variant],
  ])
  return (CAR.encode as (car: object) => Uint8Array)({ roots: [variant], blocks })
}

function reads(bytes: Uint8Array): boolean {
  return readUcanArchive(bytes, nodeHasher).error === undefined
}

const plain = (await delegation()).bytes
const model = decode(plain) as unknown as Model

test('a UCAN as ucanto writes it is read, with what is in it', async () => {
  const { root, find } = readUcanArchive(await archiveOf(plain), nodeHasher).ok!
  assert.equal(root.issuer, space.did())
  assert.equal(root.audience, GATEWAY.did())
  assert.deepEqual(root.capabilities, [{ can: 'space/content/serve/*', with: space.did() }])
  assert.deepEqual([root.startsMs, root.expiresMs, root.proofs], [undefined, undefined, []])
  assert.equal(find(root.key), root, 'decoded once')
})

/** Forms that ucanto reads as the same UCAN, with the same valid signature, under other CIDs. */
const ALIASES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'an unknown field': async () => archiveOf(encode({ ...model, zzz: 1 })),
  'empty facts': async () => archiveOf(encode({ ...model, fct: [] })),
  'a start of 0': async () => archiveOf(encode({ ...model, nbf: 0 })),
  'an empty nonce': async () => archiveOf(encode({ ...model, nnc: '' })),
  'an ability in capitals': async () => {
    const [capability] = model.att as Model[]
    const att = [{ ...capability, can: 'SPACE/content/serve/*' }]
    return archiveOf(encode({ ...model, att }))
  },
  'a padded signature': async () => {
    const s = new Uint8Array([0xed, 0xa1, 0x83, 0x00, ...(model.s as Uint8Array).subarray(3)])
    return archiveOf(encode({ ...model, s }))
  },
  'bytes after the signature': async () => {
    const s = new Uint8Array([...(model.s as Uint8Array), 0])
    return archiveOf(encode({ ...model, s }))
  },
  'another hash function': async () => archiveOf(plain, cidOf(plain, 0x71, 0x13)),
  'another codec': async () => archiveOf(plain, cidOf(plain, 0x55)),
  'no hash at all': async () => archiveOf(plain, cidOf(plain, 0x71, 0)),
  'the JWT form': async () => {
    const jwt = new TextEncoder().encode(UCAN.format(UCAN.decode(plain as never)))
    return archiveOf(jwt, cidOf(jwt, 0x55))
  },
  'the JWT form as if it were CBOR': async () => {
    const jwt = new TextEncoder().encode(UCAN.format(UCAN.decode(plain as never)))
    return archiveOf(jwt)
  },
}

for (const [name, alias] of Object.entries(ALIASES))
  test(`a UCAN has no second CID: ${name} is refused`, async () => {
    const bytes = await alias()
    assert.equal(reads(bytes), false)
  })

test('what the aliases are made of is read, so that it is the alias that is refused', async () => {
  assert.ok(reads(await archiveOf(encode(model))))
})

test('times are read up to where milliseconds are exact, and no further', async () => {
  const last = Math.floor(Number.MAX_SAFE_INTEGER / 1000)
  for (const field of ['exp', 'nbf']) {
    assert.equal(reads(await archiveOf(encode({ ...model, [field]: last }))), true, field)
    assert.equal(reads(await archiveOf(encode({ ...model, [field]: last + 1 }))), false, field)
  }
})

test('a block that does not match its CID spoils the archive, needed or not', async () => {
  assert.equal(reads(await archiveOf(plain, cidOf(new Uint8Array([1])))), false)
  const made = await delegation([await delegation()])
  const archive = (await made.archive()).ok!
  assert.ok(reads(archive))
  for (const at of [archive.length - 1, archive.length >> 1, archive.length - 300]) {
    const damaged = new Uint8Array(archive)
    damaged[at]! ^= 1
    assert.equal(reads(damaged), false, `byte ${at}`)
  }
})

test('what is no archive is refused, whatever it is', async () => {
  const nested = new Uint8Array(DELEGATION_ARCHIVE_BYTES_MAX / 2).fill(0x81)
  for (const bytes of [new Uint8Array(), new Uint8Array([1]), plain, encode({}), nested])
    assert.equal(reads(bytes), false)
  assert.equal(reads(await archiveOf(nested)), false, 'lists in lists in lists')
  assert.equal(reads(await archiveOf(encode({ a: 1 }))), false, 'CBOR that is no UCAN')
})

test('an archive has so many bytes and blocks, a UCAN so many capabilities', async () => {
  const proofs = await Promise.all(
    Array.from({ length: DELEGATION_BLOCKS_MAX - 1 }, (_, i) =>
      delegate({
        issuer: agent,
        audience: space,
        capabilities: [{ can: 'space/*', with: agent.did() }],
        expiration: Infinity,
        nonce: `${i}`,
      }),
    ),
  )
  const archived = async (count: number): Promise<Uint8Array> =>
    (await (await delegation(proofs.slice(0, count) as never)).archive()).ok!
  // Beside proofs there are the UCAN and what says that it is one.
  assert.ok(reads(await archived(DELEGATION_BLOCKS_MAX - 2)))
  assert.equal(reads(await archived(DELEGATION_BLOCKS_MAX - 1)), false)
  const many = async (count: number): Promise<Uint8Array> => {
    const capabilities = Array.from({ length: count }, () => ({
      can: 'space/*' as const,
      with: space.did(),
    }))
    const made = await delegate({
      issuer: space,
      audience: GATEWAY,
      capabilities: capabilities as never,
      expiration: Infinity,
    })
    return (await made.archive()).ok!
  }
  assert.ok(reads(await many(UCAN_CAPABILITIES_MAX)))
  assert.equal(reads(await many(UCAN_CAPABILITIES_MAX + 1)), false)
  const large = readUcanArchive(new Uint8Array(DELEGATION_ARCHIVE_BYTES_MAX + 1), nodeHasher)
  assert.match(large.error!.message, /<= 262144 bytes/)
})

/** A chain of so many links, each issued by the audience of the one before. */
async function chainOf(links: number): Promise<Uint8Array> {
  const keys = await Promise.all(Array.from({ length: links }, (_, i) => keyOf(30 + i)))
  let proof: API.Delegation | undefined
  for (let i = 0; i < links; i++)
    proof = (await delegate({
      issuer: i === 0 ? space : keys[i]!,
      audience: i === links - 1 ? GATEWAY : keys[i + 1]!,
      capabilities: [{ can: 'space/*', with: space.did() }],
      expiration: Infinity,
      proofs: (proof === undefined ? [] : [proof]) as never,
    })) as never
  return (await proof!.archive()).ok!
}

async function check(archive: Uint8Array): Promise<string> {
  const checked = await checkServeDelegation(archive, {
    space: undefined,
    nowMs: NOW_MS,
    hasher: nodeHasher,
    store: { revoked: () => [] },
    gateways: [GATEWAY.did()],
    attesters: [],
    checks: new SignatureChecks(nodeVerifier),
    signal: new AbortController().signal,
  })
  return checked.error?.message ?? 'taken'
}

test('a chain has so many links', async () => {
  assert.equal(await check(await chainOf(8)), 'taken')
  assert.match(await check(await chainOf(9)), /chain expected <= 8 links/)
})

test('proofs that multiply their ways end at a bound', async () => {
  // Each of 6 levels has 4 UCANs, each of which names all 4 below it: 4^6 ways, none of them good.
  let level: API.Delegation[] = []
  for (let depth = 0; depth < 6; depth++) {
    const below = level
    level = (await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        delegate({
          issuer: agent,
          audience: agent,
          capabilities: [{ can: 'space/*', with: space.did() }],
          expiration: Infinity,
          nonce: `${depth} ${i}`,
          proofs: below as never,
        }),
      ),
    )) as never
  }
  const top = await delegate({
    issuer: agent,
    audience: GATEWAY,
    capabilities: [{ can: 'space/*', with: space.did() }],
    expiration: Infinity,
    proofs: level as never,
  })
  const startMs = performance.now()
  assert.match(await check((await top.archive()).ok!), /ways through the proofs expected <= 4096/)
  assert.ok(performance.now() - startMs < 1000)
})

test('what is wrong with a delegation is said', async () => {
  const made = async (change: object): Promise<string> => {
    const capabilities = [{ can: 'space/content/serve/*', with: space.did() }]
    const fields = { issuer: space, audience: GATEWAY, capabilities, expiration: Infinity }
    const changed = await delegate({ ...fields, ...change } as never)
    return check((await changed.archive()).ok!)
  }
  const seconds = NOW_MS / 1000
  assert.equal(await made({}), 'taken')
  assert.equal(await made({ expiration: seconds + 1 }), 'taken')
  assert.equal(await made({ notBefore: seconds + 1000 }), 'taken', 'holds later')
  assert.match(await made({ expiration: seconds }), /is over/)
  assert.match(await made({ notBefore: seconds + 9, expiration: seconds + 9 }), /is over/)
  assert.match(await made({ audience: agent }), /audience expected did:key/)
  assert.match(await made({ issuer: agent }), /proof expected that did:key/)
  const uploads = [{ can: 'upload/add', with: space.did() }]
  assert.match(await made({ capabilities: uploads }), /one space expected/)
  const two = SPACES.map((one) => ({ can: 'space/*', with: one.did() }))
  assert.match(await made({ capabilities: two }), /one space expected/)
})
