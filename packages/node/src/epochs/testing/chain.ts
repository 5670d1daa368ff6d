/**
 * A chain as an anchor sees it: blocks that may be undone until they are final, transactions that
 * may be dropped or replaced, and a contract that takes epochs by compare-and-swap.
 * Source: receipts, section 6.6.
 * @module
 */
import { AnchorConflict, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type { Anchor, AnchorIntent, EpochStatement } from '@turnpike/core/ports/anchor'
import { fail, ok } from '@turnpike/core/result'

/** A transaction. Of those with one account and nonce, one gets into a block. */
export interface Tx {
  readonly account: string
  readonly nonce: number
  readonly fee: number
  readonly epochs: readonly EpochStatement[]
}

interface Placed {
  readonly root: string
  readonly block: number
}

/** The chain, with the faults that a test asks for. */
export class SimulatedChain {
  readonly #blocks: Tx[][] = []
  #pending: Tx[] = []
  #finalized = 0
  /** Roots in the contract, by epoch; the oldest first. */
  #contract = new Map<number, Placed>()
  #head = { size: 0, root: '' }

  /** Takes a transaction into the pool, in place of one with the same nonce and a lower fee. */
  submit(tx: Tx): void {
    if (tx.nonce < this.nonceOf(tx.account)) return
    const same = this.#pending.findIndex((one) => isSame(one, tx))
    if (same < 0) this.#pending.push(tx)
    else if (this.#pending[same]!.fee < tx.fee) this.#pending[same] = tx
  }

  /** A block with all that is pending, in order of nonces. */
  mine(): void {
    const block: Tx[] = []
    for (const tx of this.#pending.toSorted((a, b) => a.nonce - b.nonce)) {
      if (tx.nonce !== this.nonceOf(tx.account, block)) continue
      block.push(tx)
      this.#pending.splice(this.#pending.indexOf(tx), 1)
    }
    this.#blocks.push(block)
    this.#execute(block, this.#blocks.length)
  }

  /** Undoes blocks that are not final; `keeps` says which of their transactions wait again. */
  reorganise(depth: number, keeps: () => boolean): void {
    const from = Math.max(this.#finalized, this.#blocks.length - depth)
    for (const tx of this.#blocks.splice(from).flat()) if (keeps()) this.#pending.push(tx)
    this.#contract = new Map()
    this.#head = { size: 0, root: '' }
    for (const [i, block] of this.#blocks.entries()) this.#execute(block, i + 1)
  }

  /** Forgets what is pending. */
  drop(): void {
    this.#pending = []
  }

  /** Makes blocks final, all but the newest `behind`. */
  finalize(behind: number): void {
    this.#finalized = Math.max(this.#finalized, this.#blocks.length - behind)
  }

  /** The next nonce of an account. */
  nonceOf(account: string, ahead: readonly Tx[] = []): number {
    return [...this.#blocks.flat(), ...ahead].filter((tx) => tx.account === account).length
  }

  /** Where the contract has an epoch, and whether for good. */
  find(epoch: number): (Placed & { readonly isFinal: boolean }) | undefined {
    const placed = this.#contract.get(epoch)
    return placed && { ...placed, isFinal: placed.block <= this.#finalized }
  }

  /** Entries that the contract knows of. */
  get size(): number {
    return this.#head.size
  }

  #execute(block: readonly Tx[], number: number): void {
    for (const { epochs } of block)
      for (const { epoch, first, end, root, previousRoot } of epochs) {
        if (this.#contract.get(epoch)?.root === hex(root)) continue
        const { size, root: headRoot } = this.#head
        // A swap that fails reverts, and its nonce is used all the same.
        if (size !== first || (size > 0 && headRoot !== hex(previousRoot))) break
        this.#head = { size: end, root: hex(root) }
        this.#contract.set(epoch, { root: hex(root), block: number })
      }
  }
}

/** How an anchor on the chain behaves in a test. */
export interface ChainAnchorOptions {
  readonly epochsMax: number
  /** Whether the node can be reached now. */
  readonly isUp: () => boolean
  /** Whether a transaction has waited for too long. */
  readonly isStuck: () => boolean
  /** Looks at what is sent. */
  readonly onSend: (intent: AnchorIntent) => void
}

/** An anchor that sends by one account. */
export function chainAnchor(
  chain: SimulatedChain,
  account: string,
  { epochsMax, isUp, isStuck, onSend }: ChainAnchorOptions,
): Anchor {
  const unreachable = fail(new AnchorUnavailable('chain expected an answer, got none'))
  return {
    name: 'chain',
    epochsMax,
    async prepare(epochs, replaced) {
      if (!isUp()) return unreachable
      const before = replaced && txOf(replaced, account, epochs)
      const used = chain.nonceOf(account)
      const isBump = before?.nonce === used
      const tx = isBump ? { nonce: before.nonce, fee: before.fee + 1 } : { nonce: used, fee: 1 }
      const bytes = new TextEncoder().encode(JSON.stringify(tx))
      return ok({ epochs: epochs.map(({ epoch }) => epoch), bytes })
    },
    async submit(intent, epochs) {
      if (!isUp()) return unreachable
      onSend(intent)
      chain.submit(txOf(intent, account, epochs))
      return ok({})
    },
    async standing(intent, epochs) {
      if (!isUp()) return unreachable
      const found = epochs.map(({ epoch }) => chain.find(epoch))
      for (const [i, { epoch, root }] of epochs.entries())
        if (found[i] !== undefined && found[i].root !== hex(root))
          return fail(new AnchorConflict(`epoch ${epoch} is there with root ${found[i].root}`))
      const last = found.at(-1)
      if (last !== undefined) {
        const proof = { kind: 'chain', block: last.block }
        return ok({ kind: last.isFinal ? 'final' : 'anchored', proof })
      }
      const tx = txOf(intent, account, epochs)
      const used = chain.nonceOf(account)
      if (tx.nonce < used) return ok({ kind: 'lost', reason: 'its nonce is used' })
      // A reorganisation took transactions before it that nobody has any more.
      if (tx.nonce > used) return ok({ kind: 'lost', reason: 'nonces before it are free' })
      return ok({ kind: isStuck() ? 'stuck' : 'waiting' })
    },
  }
}

function txOf({ bytes }: AnchorIntent, account: string, epochs: readonly EpochStatement[]): Tx {
  return { account, ...JSON.parse(new TextDecoder().decode(bytes)), epochs }
}

function isSame(a: Tx, b: Tx): boolean {
  return a.account === b.account && a.nonce === b.nonce
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
