/**
 * The part of the field's gateway that finds blocks by claims and reads many in one request:
 * `@web3-storage/blob-fetcher`.
 * @module
 */
import { create as createFetcher } from '@web3-storage/blob-fetcher/fetcher/batching'
import { create as createLocator } from '@web3-storage/blob-fetcher/locator/content-claims'
import { base58btc } from 'multiformats/bases/base58'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'

/** Fetches blocks, all at once; how many have the bytes of their multihash. */
export async function fetchBlocks({ url }, multihashes) {
  const fetcher = createFetcher(createLocator({ serviceURL: new URL(url) }))
  const isRight = async (multihash) => {
    const fetched = await fetcher.fetch(Digest.decode(base58btc.decode(multihash)))
    if (fetched.error) return false
    const { bytes } = await sha256.digest(await fetched.ok.bytes())
    return base58btc.encode(bytes) === multihash
  }
  return (await Promise.all(multihashes.map(isRight))).filter(Boolean).length
}
