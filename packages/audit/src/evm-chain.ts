/**
 * Whether epochs of a log are in the anchors' contract on a chain, for good, as the log says now.
 * Source: receipts, sections 6.6 and 6.9 (check 2).
 * @module
 */
import { decodeBase64, decodeHex, encodeHex } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'
import {
  contractLog,
  isAddress,
  isConflict,
  signatureHash,
  standingCall,
  standingTimes,
} from './evm-abi.ts'
import type { ChainEpoch, RegisteredLog } from './evm-abi.ts'
import { callNode, Reverted, RpcUnavailable } from './evm-rpc.ts'

export type { ChainEpoch, RegisteredLog } from './evm-abi.ts'

/** Epochs that one call asks for. */
const EPOCHS_MAX = 64
/** Registrations of one log that are looked at: anybody may make some. */
const REGISTRATIONS_MAX = 1000

/** A contract on a chain, and who tells of it: nodes of different people, at best. */
export interface ChainContract {
  readonly rpcs: readonly string[]
  /** 0x and 40 hex digits. */
  readonly contract: string
  /** Checked where it is known. */
  readonly chainId?: number
}

/** What a chain says of an epoch. Times are seconds of the block that has it. */
export type ChainStanding =
  | { readonly kind: 'final' | 'notFinal'; readonly time: number }
  /** The contract holds none by this number. */
  | { readonly kind: 'missing' }
  /** The contract holds another one by this number: the log was not always the same. */
  | { readonly kind: 'different' }
  /** The node could not be asked. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** From the worst to the best: of several nodes, the worst answer counts. */
const WORST_FIRST: readonly ChainStanding['kind'][] = [
  'different',
  'missing',
  'unknown',
  'notFinal',
  'final',
]

/**
 * Looks epochs up. Several nodes are all asked, and have to agree: the worst answer counts.
 *
 * @returns one standing for each epoch, in their order
 * @example
 * const [standing] = await checkAnchored({ rpcs, contract }, { logId, registrant }, [epoch])
 */
export async function checkAnchored(
  chain: ChainContract,
  log: RegisteredLog,
  epochs: readonly ChainEpoch[],
): Promise<readonly ChainStanding[]> {
  // Whoever signed such a name can't have registered anything.
  if (!isAddress(log.registrant)) return epochs.map(() => ({ kind: 'missing' }))
  const byNode = await Promise.all(chain.rpcs.map((rpc) => askNode(rpc, chain, log, epochs)))
  return epochs.map((_, at) => {
    const said = byNode.map((standings) => standings[at]!)
    const rank = ({ kind }: ChainStanding): number => WORST_FIRST.indexOf(kind)
    const none: ChainStanding = { kind: 'unknown', reason: 'no node was given' }
    return said.reduce((worst, one) => (rank(one) < rank(worst) ? one : worst), said[0] ?? none)
  })
}

/**
 * Whether the log itself says that a registrant anchors it, in this contract of this chain. Anybody
 * may register a log in its own name; only this tells which is the log's.
 *
 * @param claim the signature, in base64 or, as events have it, 0x-hex
 * @example
 * isClaimed({ chainId, contract, registrant, claim }, key.publicKey, nodeCrypto)
 */
export function isClaimed(
  said: {
    readonly chainId: number
    readonly contract: string
    readonly registrant: string
    readonly claim: string
  },
  publicKey: Uint8Array,
  crypto: AuditCrypto,
): boolean {
  const { chainId, claim } = said
  const [contract, registrant] = [said.contract.toLowerCase(), said.registrant.toLowerCase()]
  const type = 'turnpike-anchor-operator/v1'
  const text = `${JSON.stringify({ type, chainId, contract, registrant })}\n`
  const signature = claim.startsWith('0x') ? decodeHex(claim.slice(2)) : decodeBase64(claim)
  const message = new TextEncoder().encode(text)
  return signature !== undefined && crypto.verifyEd25519(publicKey, message, signature)
}

/**
 * Who anchors a log by its own word: whoever of its registrants has its signature. More than one
 * is a log that shows different people different histories, or may.
 *
 * @throws {RpcUnavailable | Reverted} when the node does not search so far back
 * @example
 * const registrants = await registrantsOf(rpc, { contract, chainId }, { logId, publicKey }, crypto)
 */
export async function registrantsOf(
  rpc: string,
  { contract, chainId }: { readonly contract: string; readonly chainId: number },
  { logId, publicKey }: { readonly logId: Uint8Array; readonly publicKey: Uint8Array },
  crypto: AuditCrypto,
): Promise<readonly string[]> {
  const event = 'LogRegistered(bytes32,bytes32,address,bytes32,string,bytes)'
  const topics = [`0x${signatureHash(event)}`, null, `0x${encodeHex(logId)}`]
  const search = { address: contract, fromBlock: '0x0', toBlock: 'latest', topics }
  const found = await callNode(rpc, 'eth_getLogs', [search])
  if (!Array.isArray(found) || found.length > REGISTRATIONS_MAX)
    throw new RpcUnavailable(`eth_getLogs expected a list of <= ${REGISTRATIONS_MAX}`)
  return found.flatMap((one: { readonly topics?: unknown; readonly data?: unknown } | null) => {
    const named = Array.isArray(one?.topics) ? one.topics[3] : ''
    const registrant = `0x${String(named).slice(-40)}`
    const claim = claimOf(String(one?.data))
    return isClaimed({ chainId, contract, registrant, claim }, publicKey, crypto)
      ? [registrant]
      : []
  })
}

/**
 * {@link registrantsOf}, as far as any of several nodes searches back; undefined when none does.
 *
 * @example
 * const all = await knownRegistrants(rpcs, { contract, chainId }, { logId, publicKey }, crypto)
 */
export async function knownRegistrants(
  rpcs: readonly string[],
  ...asked: ParametersAfterFirst<typeof registrantsOf>
): Promise<readonly string[] | undefined> {
  let all: readonly string[] | undefined
  for (const rpc of rpcs)
    try {
      all = [...new Set([...(all ?? []), ...(await registrantsOf(rpc, ...asked))])]
    } catch (error) {
      if (!(error instanceof RpcUnavailable || error instanceof Reverted)) throw error
    }
  return all
}

type ParametersAfterFirst<F> = F extends (first: never, ...rest: infer R) => unknown ? R : never

/** The third of an event's fields, whose place is in its third word: its length, and it. */
function claimOf(data: string): string {
  const chars = data.slice(2)
  const at = 2 * Number(`0x${chars.slice(128, 192)}`)
  const length = 2 * Number(`0x${chars.slice(at, at + 64)}`)
  return `0x${chars.slice(at + 64, at + 64 + length)}`
}

async function askNode(
  rpc: string,
  chain: ChainContract,
  log: RegisteredLog,
  epochs: readonly ChainEpoch[],
): Promise<readonly ChainStanding[]> {
  try {
    const chainId = Number(await callNode(rpc, 'eth_chainId', []))
    if (chain.chainId !== undefined && chain.chainId !== chainId)
      throw new RpcUnavailable(`node expected to be of chain ${chain.chainId}, got ${chainId}`)
    const finalized = await blockOf(rpc, 'finalized')
    const latest = await blockOf(rpc, 'latest')
    if (latest.number < finalized.number)
      throw new RpcUnavailable('nodes behind this address disagree, ask again')
    const node = { rpc, contract: chain.contract, log: contractLog(log), final: finalized.time }
    const standings: ChainStanding[] = []
    for (let from = 0; from < epochs.length; from += EPOCHS_MAX)
      standings.push(...(await askContract(node, epochs.slice(from, from + EPOCHS_MAX))))
    return standings
  } catch (error) {
    if (!(error instanceof RpcUnavailable || error instanceof Reverted)) throw error
    return epochs.map(() => ({ kind: 'unknown', reason: error.message }))
  }
}

interface Node {
  readonly rpc: string
  readonly contract: string
  readonly log: string
  /** Time of the newest block that is there for good. */
  readonly final: number
}

async function askContract(
  node: Node,
  epochs: readonly ChainEpoch[],
): Promise<readonly ChainStanding[]> {
  const { rpc, contract, log, final } = node
  const call = { to: contract, data: standingCall(log, epochs) }
  try {
    const times = standingTimes(await callNode(rpc, 'eth_call', [call, 'latest']), epochs.length)
    if (times === undefined) throw new RpcUnavailable(`expected an anchor contract at ${contract}`)
    // A block that is there for good and is later than theirs has theirs before it.
    return times.map((time) =>
      time === 0 ? { kind: 'missing' } : { kind: time < final ? 'final' : 'notFinal', time },
    )
  } catch (error) {
    if (!(error instanceof Reverted)) throw error
    // Anything else that fails accuses nobody.
    if (!isConflict(error.data)) throw new RpcUnavailable(error.message)
    if (epochs.length === 1) return [{ kind: 'different' }]
    const middle = Math.ceil(epochs.length / 2)
    const halves = [epochs.slice(0, middle), epochs.slice(middle)]
    return (await Promise.all(halves.map((half) => askContract(node, half)))).flat()
  }
}

async function blockOf(
  rpc: string,
  tag: 'latest' | 'finalized',
): Promise<{ readonly number: number; readonly time: number }> {
  const block = (await callNode(rpc, 'eth_getBlockByNumber', [tag, false])) as {
    readonly number?: unknown
    readonly timestamp?: unknown
  }
  const [number, time] = [Number(block.number), Number(block.timestamp)]
  if (Number.isSafeInteger(number) && Number.isSafeInteger(time)) return { number, time }
  throw new RpcUnavailable(`eth_getBlockByNumber expected a block, got something else`)
}
