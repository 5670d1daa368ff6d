/**
 * The anchors of a deployment, by its settings.
 * @module
 */
import type { Anchor } from '@turnpike/core/ports/anchor'
import type { AccountingParts } from '../accounting/parts.ts'
import type { AnchorName } from '../config/anchors.ts'
import { localAnchor } from './local.ts'

/** What anchors are made of. */
export type AnchorParts = Pick<AccountingParts, 'dataDir' | 'settings' | 'clock' | 'random'>

/** How each anchor is made. Nothing is asked before it is used. */
const OPEN: { readonly [K in AnchorName]: (parts: AnchorParts) => Anchor } = {
  local: () => localAnchor,
}

/**
 * The anchors that the setting `anchors` names, in its order.
 *
 * @example
 * const anchors = openAnchors(parts)
 */
export function openAnchors(parts: AnchorParts): readonly Anchor[] {
  return parts.settings.anchors.map((name) => OPEN[name](parts))
}
