/**
 * Storacha's clients of claims ask a gateway about a block, and publish claims to it. One line of
 * JSON, with what came of each.
 *
 * `node claims.mjs URL DID CID SPACE`
 * @module
 */
import * as Assert from '@storacha/capabilities/assert'
import { Client } from '@storacha/indexing-service-client'
import { connect } from '@ucanto/client'
import { DID } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CAR, HTTP } from '@ucanto/transport'
import * as ContentClaims from '@web3-storage/content-claims/client'
import { CID } from 'multiformats/cid'
import { base58btc } from 'multiformats/bases/base58'

const [url, did, cid, space] = process.argv.slice(2)
const serviceURL = new URL(url)
const servicePrincipal = DID.parse(did)
const { multihash } = CID.parse(cid)

const indexing = new Client({ serviceURL, servicePrincipal })

function told({ ok, error }) {
  if (error !== undefined) return { error: `${error.name}: ${error.message}` }
  return {
    claims: [...ok.claims.values()].map(shown),
    shards: [...ok.indexes.values()].flatMap((index) => [...index.shards.keys()].map(textOf)),
    slices: [...ok.indexes.values()].flatMap((index) =>
      [...index.shards.values()].flatMap((slices) => [...slices.keys()].map(textOf)),
    ),
  }
}

function shown(claim) {
  return {
    type: claim.type,
    issuer: claim.delegation().issuer.did(),
    location: claim.location?.map(String),
    space: claim.space?.did(),
  }
}

function textOf(digest) {
  return base58btc.encode(digest.bytes)
}

const query = async (match, kind) =>
  told(await indexing.queryClaims({ hashes: [multihash], match, kind }))
const standard = await query(undefined, 'standard')
const compressed = await query(undefined, 'standard_compressed')
const ofSpace = await query({ subject: [space] }, 'index_or_location')
const ofOther = await query({ subject: ['did:key:z6MkOther'] }, 'standard')

const legacy = (await ContentClaims.read(multihash, { serviceURL })).map(shown)
const absent = await ContentClaims.read(CID.parse('bafkqaaa').multihash, { serviceURL })

const issuer = await ed25519.generate()
const connection = connect({
  id: servicePrincipal,
  codec: CAR.outbound,
  channel: HTTP.open({ url: serviceURL, method: 'POST' }),
})
const location = await Assert.location
  .invoke({
    issuer,
    audience: servicePrincipal,
    with: issuer.did(),
    nb: {
      content: { digest: multihash.bytes },
      location: ['https://elsewhere.example/x'],
      range: { offset: 0, length: 5 },
    },
    expiration: Infinity,
  })
  .execute(connection)
// As services let others publish in their name.
const equals = await indexing.publishEqualsClaim(issuer, {
  content: CID.parse(cid),
  equals: CID.parse(cid),
})
const after = (await ContentClaims.read(multihash, { serviceURL })).map(shown)
console.log(
  JSON.stringify({
    standard,
    compressed,
    ofSpace,
    ofOther,
    legacy,
    absent: absent.length,
    published: location.out.ok !== undefined,
    equals: equals.out.error?.name,
    after,
    publisher: issuer.did(),
  }),
)
