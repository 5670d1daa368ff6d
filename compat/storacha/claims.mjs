/**
 * Programs that read claims: `@storacha/indexing-service-client`, the client of
 * `@web3-storage/content-claims`, and `@storacha/blob-index` for the indexes.
 * @module
 */
import * as ShardedDAGIndex from '@storacha/blob-index/sharded-dag-index'
import { fromShardArchives } from '@storacha/blob-index/util'
import { Client } from '@storacha/indexing-service-client'
import { DID } from '@ucanto/core'
import * as ContentClaims from '@web3-storage/content-claims/client'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/** Asks one service, with a token if there is one. */
export function makeReader({ url, did }, token) {
  const serviceURL = new URL(url)
  const authorized = (input, init) =>
    fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })
  const indexing = new Client({
    serviceURL,
    servicePrincipal: DID.parse(did),
    ...(token && { fetch: authorized }),
  })
  return {
    /** `queryClaims` of the indexing service's client. */
    async query(cids, { spaces = [], kind } = {}) {
      const hashes = cids.map((cid) => CID.parse(cid).multihash)
      const { ok, error } = await indexing.queryClaims({ hashes, match: { subject: spaces }, kind })
      if (error) return { error: { name: error.name, message: error.message } }
      return {
        claims: [...ok.claims.values()].map(shown),
        indexes: [...ok.indexes].map(([cid, index]) => ({ cid, ...listed(index) })),
      }
    },
    /** `read` of the content-claims client. */
    async read(cid, walk) {
      return (await ContentClaims.read(CID.parse(cid).multihash, { serviceURL, walk })).map(shown)
    },
  }
}

function shown(claim) {
  const { audience, issuer, expiration } = claim.delegation()
  return {
    type: claim.type,
    content: textOf(ContentClaims.contentMultihash(claim)),
    issuer: issuer.did(),
    audience: audience.did(),
    expiration,
    location: claim.location,
    range: claim.range,
    space: claim.space?.did(),
    index: claim.index && String(claim.index),
  }
}

function listed(index) {
  return {
    content: String(index.content),
    shards: [...index.shards].map(([shard, slices]) => ({
      shard: textOf(shard),
      slices: [...slices].map(([slice, [offset, length]]) => ({
        slice: textOf(slice),
        offset,
        length,
      })),
    })),
  }
}

/** A multihash as addresses of blobs have it. */
function textOf(digest) {
  return base58btc.encode(digest.bytes)
}

/** What an index says, and whether `blob-index` writes the same bytes when it writes it anew. */
export async function readIndex(archive) {
  const { ok: index, error } = ShardedDAGIndex.extract(archive)
  if (error) throw error
  const again = (await index.archive()).ok
  return { ...listed(index), isSame: Buffer.compare(archive, again) === 0 }
}

/** What `blob-index` finds in shards itself. */
export async function indexShards(root, shards) {
  return listed(await fromShardArchives(CID.parse(root), shards))
}

/** Reads a slice where a claim says that its shard lies; whether it has the hash in its name. */
export async function readSlice(url, { slice, offset, length }) {
  const range = `bytes=${offset}-${offset + length - 1}`
  const response = await fetch(url, { headers: { range } })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isRight = response.status === 206 && bytes.length === length
  return isRight && textOf(await sha256.digest(bytes)) === slice
}
