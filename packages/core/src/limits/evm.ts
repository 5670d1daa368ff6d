/**
 * Bounds of anchors on chains of the EVM.
 * @module
 */

const SECOND_MS = 1000
const MIB = 1024 * 1024

/** Epochs in one transaction: some 1.9 million gas, a small part of a block. */
export const EVM_EPOCHS_MAX = 64
/** Time for one answer of a chain's node, its body included, and its bytes. */
export const EVM_RPC_MS_MAX: number = 10 * SECOND_MS
export const EVM_RPC_BYTES_MAX: number = 4 * MIB
/** Characters of what is said of a node's fault, most of which is the node's own text. */
export const EVM_FAULT_CHARS_MAX = 300
/** Seconds on the chain's clock after which a transaction that is not in yet is replaced. */
export const EVM_STUCK_SECONDS = 180n
/** How much more a replacement offers, in hundredths: nodes ask for 10, some for 12.5. */
export const EVM_FEE_BUMP_PERCENT = 15n
/** Transactions in one place that are looked for: with so many, fees grew eighty-fold. */
export const EVM_REPLACEMENTS_MAX = 32
/** Hundredths of the gas that a transaction was found to need, which it may use. */
export const EVM_GAS_PERCENT = 125n
/** Blocks in which another sender's transaction is looked for. */
export const EVM_SEARCH_BLOCKS_MAX = 5000n
/** Most gwei that an operator may set to be paid for a unit of gas, and what is set at first. */
export const EVM_FEE_GWEI_MAX = 1_000_000
export const EVM_FEE_GWEI_DEFAULT = 100
/** How long `turnpike anchor` waits until a transaction of its own is in a block. */
export const EVM_RECEIPT_MS_MAX: number = 300 * SECOND_MS
