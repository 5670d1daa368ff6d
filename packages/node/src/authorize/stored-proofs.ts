/**
 * What a stored delegation stands on, for who shows it to somebody else.
 * @module
 */
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import {
  DELEGATION_ARCHIVE_BYTES_MAX,
  DELEGATION_BLOCKS_MAX,
  RETRIEVE_PROOFS_MAX,
} from '@turnpike/core/limits/ucan'
import type { DelegationStore, StoredDelegation } from '@turnpike/core/ports/delegations'
import type { Clock } from '@turnpike/core/ports/runtime'
import { type MessageBlock, ucanBlock } from '@turnpike/core/retrieve/message'
import { readUcanBlocks, type Ucan, type UcanBlocks } from '@turnpike/core/ucan/archive'
import { cidsOf, withoutRevoked } from '@turnpike/core/ucan/serve'
import { findServeChains, type ChainRules } from '@turnpike/core/ucan/serve-chains'
import { nodeHasher } from '../hasher.ts'

/** What decides whether it holds now. */
export interface ProofRules extends Omit<ChainRules, 'space'> {
  readonly store: Pick<DelegationStore, 'revoked'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/**
 * A delegation and all that it leads to, itself first, if a chain of it covers what is asked now.
 *
 * @example
 * const proofs = await proofsOf(delegation, { ...rules, allowedBy: covering(wish) })
 */
export async function proofsOf(
  { cid, space, archive }: StoredDelegation,
  rules: ProofRules,
): Promise<readonly MessageBlock[] | undefined> {
  const bounds = { bytesMax: DELEGATION_ARCHIVE_BYTES_MAX, blocksMax: DELEGATION_BLOCKS_MAX }
  const read = readUcanBlocks(archive, nodeHasher, bounds)
  const root = read.ok?.find(keyOf(cid))
  if (read.error || root === undefined) return undefined
  const { chains } = await findServeChains({ root, find: read.ok.find }, { ...rules, space })
  if (chains.length === 0) return undefined
  const { store, clock, gateways } = rules
  const nowMs = clock.nowMs()
  const holds = withoutRevoked(chains, await store.revoked(cidsOf(chains)), gateways).some(
    ({ startsMs, expiresMs }) => startsMs <= nowMs && nowMs < expiresMs,
  )
  return holds ? blocksFrom(root, read.ok) : undefined
}

function blocksFrom(root: Ucan, read: UcanBlocks): readonly MessageBlock[] | undefined {
  const blocks = new Map<BytesKey, MessageBlock>()
  const waiting = [root.key]
  for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
    const block = blocks.has(key) ? undefined : ucanBlock(key, read)
    if (block === undefined) continue
    if (blocks.size >= RETRIEVE_PROOFS_MAX) return undefined
    blocks.set(key, block)
    waiting.push(...(read.find(key)?.proofs ?? []))
  }
  return [...blocks.values()]
}
