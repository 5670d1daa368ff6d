/**
 * Reads a small blob whole from wherever claims say that it lies.
 * @module
 */
import { SERVICE_ANSWER_BYTES_MAX } from '@turnpike/core/limits/claims'
import { CLAIMED, type LocatedBlob } from '@turnpike/core/locate/sites'
import type { BlobReader, BlobSite } from '@turnpike/core/ports/blob'
import { verifyBlock } from '@turnpike/gateway/blocks/verify'
import { nodeHasher } from '../hasher.ts'
import type { HttpTransport } from '../origins/transport.ts'
import { getAnswer } from './get-answer.ts'

/** What reads addresses that others named. */
export interface LocatedReaders {
  readonly transport: Pick<HttpTransport, 'send'>
  readonly reader: BlobReader
}

/**
 * The bytes of a blob of at most `SERVICE_ANSWER_BYTES_MAX`, by its hash: from the first place that
 * has them. Undefined when none does.
 *
 * @example
 * const archive = await readLocated(readers, multihash, places.blobSites(multihash), signal)
 */
export async function readLocated(
  readers: LocatedReaders,
  multihash: Uint8Array,
  located: readonly LocatedBlob[],
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  for (const place of located)
    for (const site of place.blob.sites) {
      const bytes = await readAt(readers, place, site, signal)
      const isRight = bytes !== undefined && verifyBlock(nodeHasher, multihash, bytes) === 'good'
      if (isRight) return bytes
      if (signal.aborted) return undefined
    }
  return undefined
}

async function readAt(
  { transport, reader }: LocatedReaders,
  { blob, offset, length }: LocatedBlob,
  site: BlobSite,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const bytesMax = SERVICE_ANSWER_BYTES_MAX
  if (length === undefined) {
    const url = URL.parse(site.url.slice(CLAIMED.length))
    // From somewhere to the end of something: nobody writes such claims of indexes.
    if (url === null || offset > 0) return undefined
    const got = await getAnswer(transport, { url, accept: '*/*', bytesMax }, signal)
    return got.ok?.found?.bytes
  }
  if (length === 0 || length > bytesMax) return undefined
  const range = { first: offset, last: offset + length - 1 }
  const opened = await reader.open(blob, site, range, signal)
  if (opened.error) return undefined
  const bytes = new Uint8Array(length)
  const filled = await opened.ok.fill(bytes)
  opened.ok.close()
  return filled.ok && bytes
}
