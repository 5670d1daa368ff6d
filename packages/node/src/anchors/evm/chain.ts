/**
 * What the anchor asks of a chain, and tells it.
 * @module
 */
import {
  EVM_GAS_PERCENT,
  EVM_RPC_BYTES_MAX,
  EVM_RPC_MS_MAX,
  EVM_SEARCH_BLOCKS_MAX,
} from '@turnpike/core/limits/evm'
import { AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import {
  bytesToHex,
  createPublicClient,
  encodeEventTopics,
  encodeFunctionData,
  http,
  isAddressEqual,
  TransactionReceiptNotFoundError,
  zeroHash,
  type Hex,
  type Log,
  type PublicClient,
} from 'viem'
import { ANCHOR_ABI } from './abi.ts'
import type { FeeMarket } from './fees.ts'
import type { EvmPlace } from './registration.ts'

/** A block, as far as anchors care. */
export interface BlockMoment {
  readonly number: bigint
  /** Seconds. Blocks never go back in time, and on some chains several have the same. */
  readonly time: bigint
}

/** Where a log stands in the contract. */
export interface ContractHead {
  readonly operator: Hex
  readonly epoch: number
  readonly size: bigint
  readonly root: Hex
}

/** What the contract holds of some epochs, all as of one moment. */
export interface ContractView {
  readonly latest: BlockMoment
  /** The newest block that is there for good. */
  readonly finalized: BlockMoment
  readonly head: ContractHead
  /** When each epoch was anchored: seconds; 0n for not yet. */
  readonly times: readonly bigint[]
}

/** A transaction that is in a block. */
export interface Mined {
  readonly block: bigint
  readonly transaction: Hex
}

/** Epochs as the contract takes them. */
export function contractEpochs(epochs: readonly EpochStatement[]): ContractEpoch[] {
  return epochs.map(({ epoch, end, root, sealLeaf }) => ({
    epoch,
    size: BigInt(end),
    root: bytesToHex(root),
    sealLeaf: bytesToHex(sealLeaf),
  }))
}

interface ContractEpoch {
  readonly epoch: number
  readonly size: bigint
  readonly root: Hex
  readonly sealLeaf: Hex
}

/**
 * Data of a call that anchors epochs.
 *
 * @param begins whether the log is anchored from the first of them on: the contract takes that from
 *   a log that it holds nothing of, and nothing else
 */
export function anchorCall(log: Hex, epochs: readonly EpochStatement[], begins: boolean): Hex {
  const { first, previousRoot } = epochs[0]!
  const previous = begins
    ? ([0n, zeroHash] as const)
    : ([BigInt(first), bytesToHex(previousRoot)] as const)
  const args = [log, ...previous, contractEpochs(epochs)] as const
  return encodeFunctionData({ abi: ANCHOR_ABI, functionName: 'anchor', args })
}

/** How a node is asked. */
export interface EvmClientOptions {
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined
  /** Time for one answer, with its body; 10 s when not given. */
  readonly timeoutMs?: number | undefined
}

/**
 * A client of a node. Nothing is retried or followed, and answers are bounded in time and bytes.
 *
 * @example
 * const client = openClient('http://127.0.0.1:8545', { signal })
 */
export function openClient(
  rpc: string,
  { signal, timeoutMs = EVM_RPC_MS_MAX }: EvmClientOptions = {},
): PublicClient {
  const transport = http(rpc, {
    fetchFn: (input, init) => {
      // Of viem's own timeout the body is no part: a node that drips it would never be done with.
      const late = AbortSignal.timeout(timeoutMs)
      const ends = signal === undefined ? late : AbortSignal.any([late, signal])
      return fetch(input, { ...init, redirect: 'error', signal: ends })
    },
    retryCount: 0,
    timeout: 0,
    maxResponseBodySize: EVM_RPC_BYTES_MAX,
  })
  return createPublicClient({ transport, cacheTime: 0 })
}

/** Which chain a node is of. */
export async function identify(
  client: PublicClient,
): Promise<Pick<EvmPlace, 'chainId' | 'genesis'>> {
  const [chainId, first] = await Promise.all([
    client.getChainId(),
    client.getBlock({ blockNumber: 0n }),
  ])
  return { chainId, genesis: first.hash! }
}

/** One contract on one chain, asked by one account. */
export class EvmChain {
  readonly #client: PublicClient
  readonly #place: EvmPlace
  readonly #account: Hex

  constructor(client: PublicClient, place: EvmPlace, account: Hex) {
    this.#client = client
    this.#place = place
    this.#account = account
  }

  /**
   * Checks that the node's chain is the one where the log is anchored.
   *
   * @throws {AnchorUnavailable} when it is another, or was begun anew
   */
  async check(): Promise<void> {
    const { chainId, genesis, contract } = this.#place
    const [found, code] = await Promise.all([
      identify(this.#client),
      this.#client.getCode({ address: contract }),
    ])
    if (found.chainId !== chainId || found.genesis !== genesis)
      throw new AnchorUnavailable(
        `evm: expected chain ${chainId} that begins with ${genesis}, got chain ${found.chainId} ` +
          `with ${found.genesis}: the node is of another chain, or its chain was begun anew`,
      )
    if (code === undefined)
      throw new AnchorUnavailable(`evm: expected a contract at ${contract}, got nothing`)
  }

  /** What the contract holds. */
  async view(log: Hex, epochs: readonly EpochStatement[]): Promise<ContractView> {
    const finalized = await this.#block('finalized')
    const latest = await this.#block('latest')
    const [head, times] = await this.#client.readContract({
      address: this.#place.contract,
      abi: ANCHOR_ABI,
      functionName: 'standing',
      args: [log, contractEpochs(epochs)],
    })
    // Of several nodes behind one address, one may be behind the others, on a branch that is dead.
    if (latest.number < finalized.number)
      throw new AnchorUnavailable(
        `evm: expected a block from ${finalized.number} on, got ${latest.number}: nodes disagree`,
      )
    return { latest, finalized, head, times: times.map(BigInt) }
  }

  /** Transactions of the account: those in blocks, or those that wait as well. */
  nonce(blockTag: 'latest' | 'pending'): Promise<number> {
    return this.#client.getTransactionCount({ address: this.#account, blockTag })
  }

  /** What gas costs now. */
  async fees(): Promise<FeeMarket> {
    const [block, tipPerGas] = await Promise.all([
      this.#client.getBlock({ blockTag: 'latest' }),
      this.#client.estimateMaxPriorityFeePerGas(),
    ])
    if (block.baseFeePerGas === null)
      throw new AnchorUnavailable('evm: expected a chain with EIP-1559, got blocks without a fee')
    return { baseFeePerGas: block.baseFeePerGas, tipPerGas }
  }

  /** Gas that a call of the contract may use. */
  async gas(data: Hex): Promise<bigint> {
    const call = { account: this.#account, to: this.#place.contract, data }
    const gas = await this.#client.estimateGas(call)
    return (gas * EVM_GAS_PERCENT) / 100n
  }

  /** Sends a transaction, again where it was sent before. */
  async send(raw: Hex, hash: Hex, nonce: number): Promise<void> {
    try {
      await this.#client.sendRawTransaction({ serializedTransaction: raw })
    } catch (error) {
      // Nodes word it differently that they have it, or that its turn is over.
      const known = await this.#client.getTransaction({ hash }).catch(() => undefined)
      if (known !== undefined || (await this.nonce('latest')) > nonce) return
      throw error
    }
  }

  /** The transaction that anchored an epoch: one of ours, or one since `from`. */
  async mined(
    log: Hex,
    epoch: number,
    { ours, from }: { readonly ours: readonly Hex[]; readonly from: bigint },
  ): Promise<Mined | undefined> {
    const topics = encodeEventTopics({ ...ANCHORED, args: { log, epoch } })
    const { contract } = this.#place
    const isIt = (one: Log): boolean =>
      isAddressEqual(one.address, contract) && topics.every((topic, at) => topic === one.topics[at])
    for (const hash of ours) {
      const receipt = await this.#client.getTransactionReceipt({ hash }).catch(absent)
      if (receipt?.logs.some(isIt) === true) return minedBy(receipt)
    }
    const toBlock = from + EVM_SEARCH_BLOCKS_MAX
    const search = {
      ...ANCHORED,
      address: contract,
      args: { log, epoch },
      fromBlock: from,
      toBlock,
    }
    // Some nodes don't search so far. What is anchored is no less so.
    const found = await this.#client.getContractEvents(search).catch(() => [])
    return found.length === 0 ? undefined : minedBy(found.at(-1)!)
  }

  async #block(blockTag: 'latest' | 'finalized'): Promise<BlockMoment> {
    const { number, timestamp } = await this.#client.getBlock({ blockTag })
    return { number: number!, time: timestamp }
  }
}

const ANCHORED = { abi: ANCHOR_ABI, eventName: 'Anchored' } as const

function minedBy(one: Pick<Log<bigint, number, false>, 'blockNumber' | 'transactionHash'>): Mined {
  return { block: one.blockNumber, transaction: one.transactionHash }
}

function absent(error: unknown): undefined {
  if (error instanceof TransactionReceiptNotFoundError) return undefined
  throw error
}
