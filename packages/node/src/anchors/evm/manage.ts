/**
 * What an operator does once: deploys the contract, registers the log, hands it on, looks at it.
 * @module
 */
import { EVM_RECEIPT_MS_MAX } from '@turnpike/core/limits/evm'
import type { NoteSigner } from '@turnpike/core/note/note'
import { keyHashOf } from '@turnpike/core/note/key'
import { AnchorUnavailable } from '@turnpike/core/ports/anchor'
import { fail, ok, type Result } from '@turnpike/core/result'
import {
  bytesToHex,
  ContractFunctionRevertedError,
  BaseError,
  createWalletClient,
  custom,
  type Hex,
  type PublicClient,
  type TransactionReceipt,
} from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { folderPaths } from '../../folder/layout.ts'
import { nodeHasher } from '../../hasher.ts'
import { ANCHOR_ABI } from './abi.ts'
import { EvmChain, identify, openClient, type ContractView } from './chain.ts'
import artifact from './contract.json' with { type: 'json' }
import { faultOf } from './fault.ts'
import { openEvmKey, readEvmKey } from './key.ts'
import { claimOf, contractLog, readRegistration, writeRegistration } from './registration.ts'
import type { EvmPlace, EvmRegistration } from './registration.ts'

/** Whose anchor it is, and through which node. */
export interface EvmOperator {
  readonly dataDir: string
  /** Address of the chain's node. */
  readonly rpc: string
}

/** A transaction that is in a block. */
export interface DoneByTransaction {
  readonly transaction: Hex
  readonly gas: bigint
}

/** A log that is registered, and by which transaction unless it was before. */
export interface Registered {
  readonly registration: EvmRegistration
  readonly done?: DoneByTransaction
}

/** How an anchor is doing. */
export interface EvmStatus {
  /** Who pays: the address of `keys/anchor-evm.key`. */
  readonly account: Hex
  /** In wei. */
  readonly balance: bigint
  readonly registration: EvmRegistration | undefined
  /** What the contract holds of the log; absent before it is registered. */
  readonly view?: Omit<ContractView, 'times'>
}

/** An operator's tools, open. */
interface Tools {
  readonly client: PublicClient
  readonly account: PrivateKeyAccount
  readonly registration: EvmRegistration | undefined
}

/**
 * Deploys the contract. One serves any number of logs, of anybody.
 *
 * @example
 * const { ok: deployed } = await deployContract({ dataDir: './data', rpc })
 */
export function deployContract(
  operator: EvmOperator,
): Promise<Result<DoneByTransaction & { readonly contract: Hex }>> {
  return attempt(operator, async (tools) => {
    const bytecode = artifact.bytecode as Hex
    const transaction = await walletOf(tools).deployContract({
      chain: null,
      abi: ANCHOR_ABI,
      bytecode,
    })
    const { gasUsed, contractAddress } = await settled(tools, transaction)
    return { transaction, gas: gasUsed, contract: contractAddress!.toLowerCase() as Hex }
  })
}

/**
 * Registers the folder's log in a contract, and writes down where. Once more does no harm.
 *
 * @param signer the log's key, which says that this operator anchors it
 * @example
 * const { ok: registered, error } = await registerLog({ dataDir, rpc, contract, signer })
 */
export function registerLog(
  options: EvmOperator & { readonly contract: Hex; readonly signer: NoteSigner },
): Promise<Result<Registered>> {
  return attempt(options, async (tools) => {
    const { signer } = options
    const place: EvmPlace = {
      ...(await identify(tools.client)),
      contract: options.contract.toLowerCase() as Hex,
      registrant: tools.account.address.toLowerCase() as Hex,
    }
    const { name, publicKey } = signer
    const logId = bytesToHex(keyHashOf({ name, kind: 'ed25519', publicKey }, nodeHasher))
    const { registration: before } = tools
    const start = before?.start === undefined ? {} : { start: before.start }
    const registration = { ...place, logId, claim: await claimOf(place, signer), ...start }
    if (before !== undefined && contractKey(before) !== contractKey(registration))
      throw new AnchorUnavailable(
        `evm: expected no other registration, got one at ${before.contract} of chain ` +
          `${before.chainId}: move anchors/evm.json away to anchor elsewhere from now on`,
      )
    await new EvmChain(tools.client, place, tools.account.address).check()
    const claim = bytesToHex(new Uint8Array(Buffer.from(registration.claim, 'base64')))
    const done = await registerOnce(tools, place.contract, [name, bytesToHex(publicKey), claim])
    await writeRegistration(options.dataDir, registration)
    return done === undefined ? { registration } : { registration, done }
  })
}

/**
 * Hands the log on to another operator, whose gateway goes on with it by a key of its own.
 *
 * @example
 * const { error } = await setOperator({ dataDir, rpc, to: '0x…' })
 */
export function setOperator(
  options: EvmOperator & { readonly to: Hex },
): Promise<Result<DoneByTransaction>> {
  return attempt(options, async (tools) => {
    const { registration } = tools
    if (registration === undefined) throw new AnchorUnavailable('evm: no log is registered yet')
    const call = {
      account: tools.account,
      address: registration.contract,
      abi: ANCHOR_ABI,
      functionName: 'setOperator',
      args: [contractLog(registration), options.to],
    } as const
    await tools.client.simulateContract(call)
    const transaction = await walletOf(tools).writeContract({ ...call, chain: null })
    return { transaction, gas: (await settled(tools, transaction)).gasUsed }
  })
}

/**
 * Who pays, how much is left, and where the contract stands.
 *
 * @example
 * const { ok: status } = await evmStatus({ dataDir: './data', rpc })
 */
export function evmStatus(operator: EvmOperator): Promise<Result<EvmStatus>> {
  return attempt(operator, async ({ client, account, registration }) => {
    const { address } = account
    const status = {
      account: address,
      balance: await client.getBalance({ address }),
      registration,
    }
    if (registration === undefined) return status
    const chain = new EvmChain(client, registration, address)
    await chain.check()
    return { ...status, view: await chain.view(contractLog(registration), []) }
  })
}

/** Registers a log unless it is: then a run before this one was ended before it was told so. */
async function registerOnce(
  tools: Tools,
  contract: Hex,
  args: readonly [string, Hex, Hex],
): Promise<DoneByTransaction | undefined> {
  const { account, client } = tools
  const functionName = 'register'
  const call = { account, address: contract, abi: ANCHOR_ABI, functionName, args } as const
  try {
    await client.simulateContract(call)
  } catch (error) {
    if (isRevert(error, 'Registered')) return undefined
    throw error
  }
  const transaction = await walletOf(tools).writeContract({ ...call, chain: null })
  return { transaction, gas: (await settled(tools, transaction)).gasUsed }
}

function walletOf({ client, account }: Tools) {
  return createWalletClient({ account, transport: custom(client) })
}

/** Waits until a transaction is in a block. */
async function settled({ client }: Tools, hash: Hex): Promise<TransactionReceipt> {
  const timeout = EVM_RECEIPT_MS_MAX
  const receipt = await client.waitForTransactionReceipt({ hash, timeout, pollingInterval: 500 })
  if (receipt.status === 'success') return receipt
  throw new AnchorUnavailable(`evm: transaction ${hash} failed in block ${receipt.blockNumber}`)
}

function isRevert(error: unknown, name: string): boolean {
  if (!(error instanceof BaseError)) return false
  const reverted = error.walk((one) => one instanceof ContractFunctionRevertedError)
  return reverted instanceof ContractFunctionRevertedError && reverted.data?.errorName === name
}

/** What tells registrations apart. */
function contractKey(registration: EvmRegistration): string {
  const { chainId, genesis, contract } = registration
  return [chainId, genesis, contract, contractLog(registration)].join()
}

async function attempt<T extends NonNullable<unknown>>(
  { dataDir, rpc }: EvmOperator,
  work: (tools: Tools) => Promise<T>,
): Promise<Result<T>> {
  try {
    const registration = await readRegistration(dataDir)
    const open = registration === undefined ? openEvmKey : readEvmKey
    const account = await open(folderPaths(dataDir).keys)
    return ok(await work({ client: openClient(rpc), account, registration }))
  } catch (error) {
    return fail(faultOf(error, rpc))
  }
}
