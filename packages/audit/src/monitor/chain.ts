/**
 * Whether epochs are on the chain where their log says that they are.
 * @module
 */
import type { EpochAnchoring, EpochRoot } from '../epoch-file.ts'
import { checkAnchored, isClaimed, knownRegistrants } from '../evm-chain.ts'
import { keyHashOf } from '../note.ts'
import type { MonitoredLog } from './heads.ts'

/** What a chain says of an epoch. */
export interface ChainVerdict {
  /** `unknown`: it could not be asked, which says nothing against anybody. */
  readonly kind: 'final' | 'not-final' | 'wrong' | 'unknown'
  readonly message: string
}

/** Asks a chain for an epoch, by the proof in the epoch's file. */
export type AskChain = (
  root: EpochRoot,
  proof: NonNullable<EpochAnchoring['proof']>,
) => Promise<ChainVerdict>

/** Who tells of the chain, and which contract is meant. */
export interface ChainTrust {
  /** Addresses of nodes; all of them have to agree. */
  readonly rpcs: readonly string[]
  /** The contract that counts, in whatever case. */
  readonly contract: string
}

/**
 * Asks nodes of a chain.
 *
 * @example
 * const ask = askChain({ rpcs: ['https://rpc.example'], contract: '0x…' }, log)
 */
export function askChain({ rpcs, contract }: ChainTrust, { key, crypto }: MonitoredLog): AskChain {
  const logId = keyHashOf(key, crypto)
  return async (root, proof) => {
    const { chainId, contract: named, registrant, claim } = proof
    if (typeof named !== 'string' || named.toLowerCase() !== contract.toLowerCase())
      return wrong(`expected the contract ${contract}, got ${String(named)}`)
    const isPlaced = typeof registrant === 'string' && typeof claim === 'string'
    if (!isPlaced || typeof chainId !== 'number')
      return wrong('expected a chain, a registrant and the claim of the log')
    if (!isClaimed({ chainId, contract: named, registrant, claim }, key.publicKey, crypto))
      return wrong(`${registrant} expected to be the log's registrant by its own word`)
    const place = { contract: named, chainId }
    const own = { logId, publicKey: key.publicKey }
    const all = (await knownRegistrants(rpcs, place, own, crypto)) ?? []
    if (all.some((one) => one !== registrant.toLowerCase()))
      return wrong(`expected one registrant by the log's word, got ${all.join(' and ')}`)
    const log = { logId, registrant }
    const standing = (await checkAnchored({ rpcs, contract: named, chainId }, log, [root]))[0]!
    switch (standing.kind) {
      case 'final':
        return { kind: 'final', message: 'it is there for good' }
      case 'notFinal':
        return { kind: 'not-final', message: 'it is there, not for good yet' }
      case 'unknown':
        return { kind: 'unknown', message: standing.reason }
      case 'missing':
        return wrong(`the chain has no epoch ${root.epoch} of the log`)
      case 'different':
        return wrong(`the chain has another epoch ${root.epoch} of the log`)
    }
  }
}

function wrong(message: string): ChainVerdict {
  return { kind: 'wrong', message }
}
