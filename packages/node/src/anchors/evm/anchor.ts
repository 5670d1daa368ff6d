/**
 * The anchor named `evm`: epochs in a contract on a chain of the EVM, where nobody can change them.
 * Source: receipts, section 6.6.
 *
 * What became of an intent is read from the contract, not from transactions: it is there when the
 * contract holds all its epochs, whoever sent them and however often. So it does no harm when two
 * send the same, when a transaction comes twice, or when an older one gets in after all.
 * @module
 */
import { EVM_EPOCHS_MAX, EVM_STUCK_SECONDS } from '@turnpike/core/limits/evm'
import { AnchorConflict, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type {
  Anchor,
  AnchorFault,
  AnchorIntent,
  AnchorProof,
  AnchorStanding,
  EpochStatement,
} from '@turnpike/core/ports/anchor'
import { fail, ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'
import { bytesToHex, keccak256, zeroAddress, zeroHash, type Hex, type PublicClient } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { folderPaths } from '../../folder/layout.ts'
import { anchorCall, EvmChain, openClient, type ContractView } from './chain.ts'
import { faultOf } from './fault.ts'
import { feesFor, type EvmFees, type FeeMarket } from './fees.ts'
import { decodeIntent, encodeIntent, type EvmIntent, type SignedAnchor } from './intent.ts'
import { readEvmKey } from './key.ts'
import { contractLog, readRegistration, writeRegistration } from './registration.ts'
import type { EvmRegistration } from './registration.ts'

/** What the anchor is made with. */
export interface EvmAnchorOptions {
  readonly dataDir: string
  /** Address of the chain's node. */
  readonly rpc: string
  /** Most that may be paid for a unit of gas, in wei. */
  readonly feeMax: bigint
  /** Aborted when the deployment stops: what is under way ends. */
  readonly signal?: AbortSignal
  /** Time for one answer of the node; 10 s when not given. */
  readonly timeoutMs?: number
}

/** What a call needs, once the folder's files are read. */
interface Session {
  readonly account: PrivateKeyAccount
  readonly registration: EvmRegistration
  /** What the contract calls the log. */
  readonly log: Hex
  readonly chain: EvmChain
}

/** Anchors a data folder's log. Nothing is opened or asked before the first call. */
export class EvmAnchor implements Anchor {
  readonly name = 'evm'
  readonly epochsMax: number = EVM_EPOCHS_MAX
  readonly #options: EvmAnchorOptions
  readonly #client: PublicClient
  #session: Session | undefined

  constructor(options: EvmAnchorOptions) {
    this.#options = options
    this.#client = openClient(options.rpc, options)
  }

  check(newest: EpochStatement, size: number): Promise<Result<Unit, AnchorFault>> {
    return this.#attempt(async ({ chain, log }) => {
      const { head } = await chain.view(log, [newest])
      if (head.size > BigInt(size))
        throw new AnchorConflict(
          `evm: the contract stands at ${head.size} entries, epoch ${head.epoch}, ` +
            `the log has ${size}`,
        )
      return {}
    })
  }

  prepare(
    epochs: readonly EpochStatement[],
    replaced?: AnchorIntent,
  ): Promise<Result<AnchorIntent, AnchorFault>> {
    return this.#attempt(async (session) => {
      const before = replaced && intentFor(session, replaced)
      const view = await session.chain.view(session.log, epochs)
      const { chainId, contract } = session.registration
      const made = {
        log: session.log,
        contract,
        chainId,
        block: view.latest.number,
        time: view.latest.time,
        transactions: before?.transactions ?? [],
      }
      const numbers = epochs.map(({ epoch }) => epoch)
      if (view.times.every((time) => time > 0n))
        return { epochs: numbers, bytes: encodeIntent(made) }
      checkOperator(session, view)
      const begins = await this.#begins(session, view, epochs[0]!)
      checkHead(view, epochs, begins)
      const data = anchorCall(session.log, epochs, begins)
      const signed = await this.#sign(session, data, before?.signed)
      const transactions = [...new Set([keccak256(signed.raw), ...made.transactions])]
      return { epochs: numbers, bytes: encodeIntent({ ...made, signed, transactions }) }
    })
  }

  submit(intent: AnchorIntent): Promise<Result<Unit, AnchorFault>> {
    return this.#attempt(async (session) => {
      const sent = intentFor(session, intent)
      const [hash] = sent?.transactions ?? []
      if (sent?.signed !== undefined && hash !== undefined)
        await session.chain.send(sent.signed.raw, hash, sent.signed.nonce)
      return {}
    })
  }

  standing(
    intent: AnchorIntent,
    epochs: readonly EpochStatement[],
  ): Promise<Result<AnchorStanding, AnchorFault>> {
    return this.#attempt(async (session) => {
      const sent = intentFor(session, intent)
      if (sent === undefined) return { kind: 'lost', reason: 'it was made for another contract' }
      // Before the contract: a nonce that was used by then left its mark there, or never will.
      const used = await session.chain.nonce('latest')
      const free = await session.chain.nonce('pending')
      const view = await session.chain.view(session.log, epochs)
      if (view.times.every((time) => time > 0n)) return standingOf(session, view, sent, epochs)
      if (sent.signed === undefined) return { kind: 'lost', reason: 'it was undone' }
      const { nonce } = sent.signed
      if (used > nonce)
        return { kind: 'lost', reason: 'another transaction came in its place, or it failed' }
      // With a gap before it, it would wait for ever: what was there was given up by all nodes.
      const hasGap = free < nonce
      const isLate = view.latest.time - sent.time > EVM_STUCK_SECONDS
      return { kind: hasGap || isLate ? 'stuck' : 'waiting' }
    })
  }

  /**
   * Whether the log is anchored from this epoch on. Which one that is is written down before it is
   * sent: after a reorganisation the contract may hold nothing again, and must not begin elsewhere.
   */
  async #begins(
    session: Session,
    { head }: ContractView,
    { first }: EpochStatement,
  ): Promise<boolean> {
    const { registration } = session
    if (registration.start !== undefined) return registration.start === first
    if (head.root !== zeroHash) return false
    const begun = { ...registration, start: first }
    await writeRegistration(this.#options.dataDir, begun)
    this.#session = { ...session, registration: begun }
    return true
  }

  /** A transaction that anchors epochs: in place of one that can still come, where there is one. */
  async #sign(
    { account, registration, chain }: Session,
    data: Hex,
    before: SignedAnchor | undefined,
  ): Promise<SignedAnchor> {
    const used = await chain.nonce('latest')
    const free = await chain.nonce('pending')
    const isOpen = before !== undefined && before.nonce >= used
    // Where there is a gap before it, it takes that place.
    const nonce = isOpen ? Math.min(before.nonce, free) : free
    const replaced = nonce === before?.nonce ? before : undefined
    const fees = this.#fees(await chain.fees(), replaced)
    // What offers the most that may be paid is sent again as it is: nodes may have given it up.
    if (fees === undefined) return replaced!
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId: registration.chainId,
      to: registration.contract,
      data,
      nonce,
      gas: await chain.gas(data),
      ...fees,
    })
    return { raw, nonce, fees }
  }

  /** What to offer; undefined when it can't be more than what is replaced offers. */
  #fees(market: FeeMarket, replaced: SignedAnchor | undefined): EvmFees | undefined {
    const { feeMax } = this.#options
    const fees = feesFor(market, { before: replaced?.fees, feeMax })
    if (fees !== undefined || (replaced !== undefined && market.baseFeePerGas <= feeMax))
      return fees
    throw new AnchorUnavailable(
      `evm: expected gas for <= ${feeMax} wei (evmFeeGweiMax), got a base fee of ` +
        `${market.baseFeePerGas}`,
    )
  }

  async #attempt<T extends NonNullable<unknown>>(
    work: (session: Session) => Promise<T>,
  ): Promise<Result<T, AnchorFault>> {
    try {
      this.#session ??= await this.#open()
      await this.#session.chain.check()
      return ok(await work(this.#session))
    } catch (error) {
      return fail(faultOf(error, this.#options.rpc))
    }
  }

  async #open(): Promise<Session> {
    const { dataDir } = this.#options
    const registration = await readRegistration(dataDir)
    if (registration === undefined)
      throw new AnchorUnavailable(
        'evm: expected a log that is registered: run turnpike anchor register',
      )
    const account = await readEvmKey(folderPaths(dataDir).keys)
    const chain = new EvmChain(this.#client, registration, account.address)
    return { account, registration, log: contractLog(registration), chain }
  }
}

/** An intent that was made for this log and contract. */
function intentFor({ log, registration }: Session, intent: AnchorIntent): EvmIntent | undefined {
  const read = decodeIntent(intent.bytes)
  const { chainId, contract } = registration
  const isSame = read.log === log && read.contract === contract && read.chainId === chainId
  return isSame ? read : undefined
}

/** Checks that the contract takes anything of this log from this account. */
function checkOperator({ account, registration }: Session, { head }: ContractView): void {
  if (head.operator === zeroAddress)
    throw new AnchorUnavailable(`evm: expected the log at ${registration.contract}, got nothing`)
  if (head.operator.toLowerCase() !== account.address.toLowerCase())
    throw new AnchorUnavailable(
      `evm: expected ${account.address} to be the log’s operator, got ${head.operator}`,
    )
}

/** Checks that epochs go on from where the contract stands. */
function checkHead(
  { head, times }: ContractView,
  epochs: readonly EpochStatement[],
  begins: boolean,
): void {
  const next = epochs[times.indexOf(0n)]!
  const isFresh = head.root === zeroHash
  const follows = head.size === BigInt(next.first) && head.root === bytesToHex(next.previousRoot)
  if (isFresh ? begins : follows) return
  const where = `evm: the contract stands at ${head.size} entries, epoch ${head.epoch}`
  if (isFresh || head.size < BigInt(next.first))
    throw new AnchorUnavailable(`${where}: epochs before ${next.epoch} are not there`)
  throw new AnchorConflict(
    `${where}, root ${head.root}: epoch ${next.epoch} begins at ${next.first} and is not there`,
  )
}

/** Of an intent whose epochs are all there. */
async function standingOf(
  { registration, log, chain }: Session,
  { finalized, times }: ContractView,
  { transactions, block }: EvmIntent,
  epochs: readonly EpochStatement[],
): Promise<AnchorStanding> {
  const last = times.reduce((a, b) => (a > b ? a : b))
  const { chainId, genesis, contract, registrant, claim } = registration
  const found = await chain.mined(log, epochs.at(-1)!.epoch, { ours: transactions, from: block })
  const proof: AnchorProof = {
    kind: 'evm',
    chainId,
    genesis,
    contract,
    registrant,
    claim,
    time: Number(last),
    ...(found && { block: Number(found.block), transaction: found.transaction }),
  }
  // A block that is there for good and is later than theirs has theirs before it.
  return { kind: finalized.time > last ? 'final' : 'anchored', proof }
}
