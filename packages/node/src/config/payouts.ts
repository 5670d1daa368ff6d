/**
 * Settings of storage nodes, and of what they are paid.
 * @module
 */
import { isCurrency, parseMicros } from '@turnpike/core/billing/money'
import { DID_CHARS_MAX } from '@turnpike/core/limits/ucan'
import { STORAGE_NODES_MAX } from '@turnpike/core/limits/payout'
import type { StorageNode } from '@turnpike/core/payout/endpoint'
import { kindOfText, listOf, textThat, type Kind } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of payouts. */
export interface PayoutSettings {
  readonly storageNodes: readonly StorageNode[]
  readonly payoutPricePerGib: string | undefined
}

const storageNode: Kind<StorageNode> = kindOfText(
  'a DID and an origin, such as "did:key:z6Mk…=https://node.example"',
  (value) => {
    const [, did, address = ''] = /^(did:[a-z]+:[^=\s]+)=(https?:\/\/\S+)$/.exec(value) ?? []
    const url = URL.parse(address)
    if (did === undefined || did.length > DID_CHARS_MAX || url === null) return undefined
    return url.href === `${url.origin}/` ? { did, origin: url.origin } : undefined
  },
  ({ did, origin }) => `${did}=${origin}`,
)

const price = textThat('an amount and a currency, such as "0.005 USD"', (value) => {
  const [amount = '', currency = '', ...more] = value.split(' ')
  return more.length === 0 && isCurrency(currency) && (parseMicros(amount) ?? -1n) >= 0n
})

/** Their part of the table of settings. */
export const PAYOUTS: { readonly [K in keyof PayoutSettings]: Setting<PayoutSettings[K]> } = {
  storageNodes: {
    kind: listOf(storageNode, STORAGE_NODES_MAX),
    default: [],
    doc:
      'Storage nodes that are paid for what they deliver, each by its DID and an origin that its ' +
      'batches of receipts are fetched from; nothing is fetched from anywhere else.',
  },
  payoutPricePerGib: {
    kind: price,
    default: undefined,
    doc: 'What storage nodes are paid for a GiB, in statements. Without it, those have no amounts.',
  },
}
