/**
 * What went wrong with a chain's node or the folder's files, as the anchor port says it.
 * @module
 */
import { EVM_FAULT_CHARS_MAX } from '@turnpike/core/limits/evm'
import { AnchorConflict, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import { BaseError, ContractFunctionRevertedError } from 'viem'
import { EvmKeyDamaged, EvmKeyMissing } from './key.ts'
import { RegistrationDamaged } from './registration.ts'

/** Shorter parts of an address are no secrets, and would be found everywhere. */
const SECRET_CHARS_MIN = 6

/**
 * Any error as the port's. Operators read it in the log: it is one line of a bounded length, and
 * has no part of the node's address in it, which may hold secrets and which nodes quote.
 *
 * @param rpc address of the node
 * @example
 * return fail(faultOf(error, rpc))
 */
export function faultOf(error: unknown, rpc: string): AnchorUnavailable | AnchorConflict {
  if (error instanceof AnchorUnavailable || error instanceof AnchorConflict) return error
  const own = [EvmKeyDamaged, EvmKeyMissing, RegistrationDamaged].some(
    (one) => error instanceof one,
  )
  if (own) return new AnchorUnavailable(`evm: ${(error as Error).message}`)
  return refusalOf(error) ?? new AnchorUnavailable(`evm: ${shown(saidBy(error), rpc)}`)
}

/** What the contract refused, if that is what it is. */
function refusalOf(error: unknown): AnchorUnavailable | AnchorConflict | undefined {
  if (!(error instanceof BaseError)) return undefined
  const reverted = error.walk((one) => one instanceof ContractFunctionRevertedError)
  if (!(reverted instanceof ContractFunctionRevertedError)) return undefined
  if (reverted.data === undefined) return undefined
  const { errorName, args = [] } = reverted.data
  if (errorName === 'Conflict')
    return new AnchorConflict(`evm: epoch ${String(args[0])} is anchored with another root or seal`)
  const said = `${errorName}(${args.map(String).join(', ')})`
  return new AnchorUnavailable(`evm: the contract refused: ${said}`)
}

/** A node may answer anything, which viem then fails to read in ways of its own. */
function saidBy(error: unknown): string {
  if (error instanceof BaseError)
    return error.details ? `${error.shortMessage}: ${error.details}` : error.shortMessage
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function shown(text: string, rpc: string): string {
  let line = text.replaceAll(/\s+/g, ' ')
  for (const secret of secretsIn(rpc)) line = line.replaceAll(secret, '…')
  return line.length <= EVM_FAULT_CHARS_MAX ? line : `${line.slice(0, EVM_FAULT_CHARS_MAX)}…`
}

/** Parts of an address that nobody should see, the longest first. */
function secretsIn(rpc: string): string[] {
  const { host, pathname } = new URL(rpc)
  return [rpc, host, ...pathname.split('/')]
    .filter(({ length }) => length >= SECRET_CHARS_MIN)
    .toSorted((a, b) => b.length - a.length)
}
