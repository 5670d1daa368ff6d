/**
 * For tests: blocks as a publication of one blob.
 * @module
 */
import { hash } from 'node:crypto'
import { concatBytes, keyOf } from '@turnpike/core/bytes'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Publication } from '@turnpike/core/publication'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'

/** A publication and the one blob that it speaks of. */
export interface PublishedBlocks {
  readonly publication: Publication
  readonly multihash: Uint8Array
  readonly blob: Uint8Array
}

/** Lays blocks into one blob of a space that is granted. */
export function publicationOf(
  space: SpaceDid,
  blocks: readonly Pick<UnixfsBlock, 'link' | 'bytes'>[],
): PublishedBlocks {
  const distinct = [
    ...new Map(blocks.map((block) => [keyOf(block.link.multihash), block])).values(),
  ]
  let offset = 0
  const slices = distinct.map(({ link, bytes }) => {
    const slice = { multihash: link.multihash, offset, length: bytes.length }
    offset += bytes.length
    return slice
  })
  const blob = concatBytes(distinct.map(({ bytes }) => bytes))
  const multihash = encodeMultihash(SHA2_256, hash('sha256', blob, 'buffer'))
  const holders = [{ space, accepted: 1 }]
  const place = { multihash, sizeBytes: blob.length, local: true, sites: [], holders, slices }
  return {
    publication: {
      blobs: [place],
      grants: [{ space, startsMs: undefined, expiresMs: undefined }],
    },
    multihash,
    blob,
  }
}
