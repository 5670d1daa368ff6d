/**
 * Judges receipts of retrievals: what a storage node is paid for.
 * Source: Storacha, "egress tracking"; `space/content/retrieve`.
 * @module
 */
import { decodeMultihash } from '@turnpike/core/multihash'
import { RETRIEVED_BYTES_MAX } from '@turnpike/core/limits/payout'
import { RETRIEVE_LIFE_MS_MAX } from '@turnpike/core/limits/ucan'
import { type ArchivedReceipt, readReceipt } from '@turnpike/core/payout/receipt'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { ProvenRetrieval } from '@turnpike/core/ports/payouts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { covering, RETRIEVE, wishIn, type RetrieveWish } from '@turnpike/core/retrieve/caveats'
import { fail, ok, type Awaitable, type Result } from '@turnpike/core/result'
import { linkFromBytes } from '@turnpike/core/link'
import { cidsOf, withoutRevoked } from '@turnpike/core/ucan/serve'
import { findServeChains, type ServeChain } from '@turnpike/core/ucan/serve-chains'
import type { SignatureChecks } from '@turnpike/core/ucan/signed-by'

/** Why a receipt counts for nothing, or not now. */
export type ReceiptFault =
  | 'ReceiptMalformed'
  /** Somebody else than the node that sent it issued it, or was asked. */
  | 'ReceiptForeign'
  | 'ReceiptFailed'
  | 'ReceiptUnsigned'
  /** What was run is no retrieval of a part of a blob. */
  | 'NotRetrieval'
  | 'Unauthorized'
  | 'UnknownSpace'
  | 'RangeNotSatisfiable'
  /** It was counted before, from this batch or another. */
  | 'AlreadyCounted'

/** A receipt counts for nothing. */
export class ReceiptRefused extends Error {
  override readonly name: ReceiptFault
  /** Binary CID of the receipt, where that could be read. */
  readonly receipt: Uint8Array | undefined
  constructor(name: ReceiptFault, message: string, receipt?: Uint8Array) {
    super(message)
    this.name = name
    this.receipt = receipt
  }
}

/** Whoever knows somebody's keys can't be reached now: the same receipt may count later. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** What receipts are judged by. */
export interface ReceiptDeps {
  readonly hasher: Hasher
  readonly checks: SignatureChecks
  /** DIDs whose word counts that somebody without a key issued a UCAN. */
  readonly attesters: readonly string[]
  readonly delegations: Pick<DelegationStore, 'revoked'>
  /** Whether a space is, or was, one of this deployment's. */
  isKnown(space: string): Awaitable<boolean>
  /** Size of a blob by its multihash, where that is known. */
  blobBytes(multihash: Uint8Array): Awaitable<number | undefined>
}

/** Whose receipt it is to be, and when its batch came. */
export interface ReceiptOf {
  readonly node: string
  readonly trackedMs: number
  /** Whether keys that can't be had now are worth waiting for. */
  readonly isPatient: boolean
  readonly signal: AbortSignal
}

type Judged = Result<ProvenRetrieval, ReceiptRefused>

/**
 * Judges one archived receipt: that the node signed that a retrieval went well, that the retrieval
 * was signed by somebody who had leave of the space, and how many bytes it was of. A receipt has no
 * date; it counts for the last moment at which its invocation held before its batch came.
 *
 * @returns `KeysUnavailable` when somebody's keys could not be had
 * @example
 * const judged = await judgeReceipt(archive, { node, trackedMs, isPatient: true, signal }, deps)
 */
export async function judgeReceipt(
  archive: Uint8Array,
  of: ReceiptOf,
  deps: ReceiptDeps,
): Promise<Result<ProvenRetrieval, ReceiptRefused | KeysUnavailable>> {
  const read = readReceipt(archive, deps.hasher)
  if (read.error) return refused('ReceiptMalformed', read.error.message)
  const receipt = read.ok
  const say = (fault: ReceiptFault, message: string): Judged => refused(fault, message, receipt.cid)
  const { invocation, signed } = receipt
  if (signed.issuer !== of.node || invocation.audience !== of.node)
    return say('ReceiptForeign', `issuer and audience of what was run expected to be ${of.node}`)
  if (!receipt.isOk) return say('ReceiptFailed', 'receipt expected to say that it went well')
  const [capability] = invocation.capabilities
  const wish = wishIn(capability?.nb)
  if (capability?.can !== RETRIEVE || invocation.capabilities.length !== 1 || wish === undefined)
    return say('NotRetrieval', `one capability ${RETRIEVE} {blob, range} expected`)
  const bySelf = await deps.checks.signedBy(signed, of.signal)
  if (!bySelf.signed && bySelf.holdsMs === 0) return fail(new KeysUnavailable(signed.issuer))
  if (!bySelf.signed) return say('ReceiptUnsigned', `signature expected of ${of.node}`)
  const space = capability.with
  if (!(await deps.isKnown(space)))
    return say('UnknownSpace', `${space} expected to be a space of this gateway, is not`)
  const bytes = wish.range.last - wish.range.first + 1
  const size = await deps.blobBytes(wish.digest)
  if (size === undefined ? bytes > RETRIEVED_BYTES_MAX : wish.range.last >= size)
    return say('RangeNotSatisfiable', `range expected within ${size ?? RETRIEVED_BYTES_MAX} bytes`)
  const served = await servedAt(receipt, { space, wish }, of, deps)
  if (served.error) return served
  const task = decodeMultihash(linkFromBytes(invocation.cid)!.multihash)!.digest
  return ok({ task, receipt: receipt.cid, space, bytes, servedMs: served.ok })
}

/** The last moment at which a chain of a retrieval held, and its batch had not come yet. */
async function servedAt(
  { invocation, find, cid }: ArchivedReceipt,
  { space, wish }: { readonly space: string; readonly wish: RetrieveWish },
  { node, trackedMs, isPatient, signal }: ReceiptOf,
  { checks, attesters, delegations }: ReceiptDeps,
): Promise<Result<number, ReceiptRefused | KeysUnavailable>> {
  const gateways = [node]
  const rules = { space, gateways, attesters, checks, signal, allowedBy: covering(wish) }
  const found = await findServeChains({ root: invocation, find }, rules)
  if (found.chains.length === 0 && found.holdsMs === 0 && isPatient)
    return fail(new KeysUnavailable(`keys of proofs of ${invocation.issuer}`))
  const revocations = await delegations.revoked(cidsOf(found.chains))
  const endOf = ({ expiresMs }: ServeChain): number => Math.min(expiresMs - 1, trackedMs)
  const held = found.chains.filter((chain) => {
    // How long before the end it was is not known: who revoked in that time has to wait for it.
    const beforeMs = endOf(chain) - RETRIEVE_LIFE_MS_MAX
    const earlier = revocations.filter(({ revokedMs }) => revokedMs <= beforeMs)
    return chain.startsMs <= endOf(chain) && withoutRevoked([chain], earlier, gateways).length > 0
  })
  if (held.length > 0) return ok(Math.max(...held.map(endOf)))
  const why = found.chains.length === 0 ? found.faults.join('; ') : 'proofs expected to have held'
  return refused('Unauthorized', why.slice(0, MESSAGE_CHARS_MAX), cid)
}

const MESSAGE_CHARS_MAX = 300

function refused(
  fault: ReceiptFault,
  message: string,
  receipt?: Uint8Array,
): Judged & {
  readonly error: ReceiptRefused
} {
  return fail(new ReceiptRefused(fault, message, receipt))
}
