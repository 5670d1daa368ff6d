/**
 * Where a storage node's batches are fetched from.
 * Source: Storacha, "egress tracking", the receipts endpoint.
 * @module
 */
import { BATCH_ENDPOINT_CHARS_MAX } from '../limits/payout.ts'

/** A storage node, and one of the origins that its batches may be at. */
export interface StorageNode {
  readonly did: string
  /** Such as `https://node.example`. */
  readonly origin: string
}

const PLACEHOLDER = /\{cid\}|%7Bcid%7D|:cid/i

/**
 * The address of a batch, by the template that its node gave; undefined for one without a place for
 * the CID, with anything else than a path, or at an origin that is not the node's.
 *
 * @example
 * batchUrl('https://node.example/receipts/{cid}', 'bag…', node, nodes)?.href
 */
export function batchUrl(
  template: string,
  cid: string,
  node: string,
  nodes: readonly StorageNode[],
): URL | undefined {
  if (template.length > BATCH_ENDPOINT_CHARS_MAX || !PLACEHOLDER.test(template)) return undefined
  const url = URL.parse(template.replace(PLACEHOLDER, cid))
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '')
    return undefined
  const isListed = nodes.some(({ did, origin }) => did === node && origin === url.origin)
  return isListed ? url : undefined
}
