/**
 * The name of what a customer has with a space here.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { DAG_CBOR, linkToString } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'

/**
 * A subscription's id: the CID of what it is about, as in the field, where it hangs on the space
 * alone. Here the next customer of a space has another subscription.
 *
 * @example
 * subscriptionId({ customer: 'did:mailto:example.com:alice', consumer: 'did:key:z6Mk…' }, hasher)
 */
export function subscriptionId(
  about: { readonly customer: string; readonly consumer: string },
  hasher: Hasher,
): string {
  const { customer, consumer } = about
  const digest = hasher.sha256(encode({ consumer, customer }))
  return linkToString({ version: 1, codec: DAG_CBOR, multihash: encodeMultihash(SHA2_256, digest) })
}
