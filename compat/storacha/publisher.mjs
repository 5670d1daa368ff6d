/**
 * A program that packs content as Storacha's client does, keeps it on a server of its own, and
 * tells a gateway where, by claims that its space signs.
 * @module
 */
import * as ShardedDAGIndex from '@storacha/blob-index/sharded-dag-index'
import { fromShardArchives } from '@storacha/blob-index/util'
import { Client } from '@storacha/indexing-service-client'
import { CAR, UnixFS } from '@storacha/upload-client'
import { DID } from '@ucanto/core'
import * as Assert from '@web3-storage/content-claims/capability/assert'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { gatewayAt } from './owner.mjs'

/** Packs a file into a shard, and indexes it. */
export async function pack(text) {
  const { cid, blocks } = await UnixFS.encodeFile(new Blob([text]))
  const shard = new Uint8Array(await (await CAR.encode(blocks, cid)).arrayBuffer())
  return { root: String(cid), shard, index: await indexOf(await fromShardArchives(cid, [shard])) }
}

/** An index of one shard that says that a block of somebody else is at the start of it. */
export async function lie(root, shard) {
  const index = ShardedDAGIndex.create(CID.parse(root))
  index.setSlice(await sha256.digest(shard), CID.parse(root).multihash, [0, 10])
  return indexOf(index)
}

async function indexOf(index) {
  return (await index.archive()).ok
}

/** Claims where shard and index lie, then that the index is there; what came of each. */
export async function publish(gateway, space, { root, shard, index }, { shardUrl, indexUrl }) {
  const { id: audience, connection } = gatewayAt(gateway)
  const about = { issuer: space, audience, with: space.did(), expiration: Infinity }
  const told = async (capability, nb) => {
    const { out } = await capability.invoke({ ...about, nb }).execute(connection)
    return out.error?.name ?? 'ok'
  }
  const located = async (bytes, url) =>
    told(Assert.location, {
      content: { digest: (await sha256.digest(bytes)).bytes },
      location: [url],
      range: { offset: 0, length: bytes.length },
      space: DID.parse(space.did()),
    })
  const link = CID.createV1(0x0202, await sha256.digest(index))
  return [
    await located(shard, shardUrl),
    await located(index, indexUrl),
    await told(Assert.index, { content: CID.parse(root), index: link }),
  ]
}

/** Publishes in the gateway's own name, as Storacha's upload service does with its leave. */
export async function publishAsService(gateway, space, { root }) {
  const { id, connection } = gatewayAt(gateway)
  const indexing = new Client({ servicePrincipal: id, connection })
  const content = CID.parse(root)
  const index = CID.createV1(0x0202, content.multihash)
  const receipts = [
    await indexing.publishIndexClaim(space, { content, index }),
    await indexing.publishEqualsClaim(space, { content, equals: index }),
  ]
  return receipts.map(({ out }) => out.error?.name ?? 'ok')
}
