/**
 * The anchors of a deployment, by its settings.
 * @module
 */
import type { Anchor } from '@turnpike/core/ports/anchor'
import type { AccountingParts } from '../accounting/parts.ts'
import type { AnchorName } from '../config/anchors.ts'
import { evmAnchor } from './evm/open.ts'
import { localAnchor } from './local.ts'
import { openWitnessAnchor } from './witness/open.ts'

const WEI_PER_GWEI = 1_000_000_000n

/** What anchors are made of. */
export type AnchorParts = Pick<
  AccountingParts,
  'dataDir' | 'settings' | 'log' | 'hasher' | 'clock' | 'random'
> & {
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
}

/** How each anchor is made. Nothing is asked before it is used. */
const OPEN: { readonly [K in AnchorName]: (parts: AnchorParts) => Anchor } = {
  local: () => localAnchor,
  evm: openEvm,
  witness: openWitnessAnchor,
}

/**
 * The anchors that the setting `anchors` names, in its order.
 *
 * @throws {RangeError} when other settings don't fit one of them
 * @example
 * const anchors = openAnchors({ ...parts, signal })
 */
export function openAnchors(parts: AnchorParts): readonly Anchor[] {
  return parts.settings.anchors.map((name) => OPEN[name](parts))
}

function openEvm({ dataDir, settings, signal }: AnchorParts): Anchor {
  const { evmRpc: rpc, evmFeeGweiMax } = settings
  if (rpc === undefined)
    throw new RangeError('"evmRpc" expected the address of a node for the anchor "evm", got none')
  return evmAnchor({ dataDir, rpc, feeMax: BigInt(evmFeeGweiMax) * WEI_PER_GWEI, signal })
}
