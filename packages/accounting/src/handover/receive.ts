/**
 * Takes signed batches of other hosts into the inbox, and answers group by group.
 * Wire format: docs/reference/journal-batches.md.
 * @module
 */
import { makeAck } from '@turnpike/core/handover/ack'
import { batchGroups, decodeBatch } from '@turnpike/core/handover/batch'
import type { BatchSigner, SignedBatch } from '@turnpike/core/handover/batch'
import { groupKey } from '@turnpike/core/handover/group-key'
import { signedBy } from '@turnpike/core/handover/signed-by'
import type { Signatures } from '@turnpike/core/handover/signed-by'
import type { LogEntry } from '@turnpike/core/log/entry'
import type { Groups } from '@turnpike/core/log/frame'
import type { Inbox, InboxFull, InboxGroup, InboxVerdict } from '@turnpike/core/ports/inbox'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { checkGroup } from '../check-group.ts'

/** Who takes batches, and from whom. */
export interface ReceiveRules {
  /** DIDs by which this gateway is addressed; its key signs for each. */
  readonly audiences: readonly string[]
  /** DIDs of the gateways whose batches are taken. */
  readonly sources: readonly string[]
}

/** What taking batches needs. */
export interface ReceiveDeps extends ReceiveRules {
  readonly inbox: Inbox
  readonly signatures: Signatures
  readonly signer: BatchSigner
  readonly hasher: Hasher
}

/** Why a whole batch is refused. `unresolved` alone may end. */
export type BatchFault = 'malformed' | 'stranger' | 'misaddressed' | 'forged' | 'unresolved'

/** Nothing of this batch was taken. */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused'
  readonly fault: BatchFault
  constructor(fault: BatchFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/**
 * Takes a batch apart, if it is one for us and from a gateway that is listed: what a process that
 * serves can tell of it without a signature checked. Strangers cost no more than that.
 *
 * @example
 * const { ok: batch, error } = readBatch(body, { audiences: identity.dids, sources: handFrom })
 */
export function readBatch(
  bytes: Uint8Array,
  { audiences, sources }: ReceiveRules,
): Result<SignedBatch, BatchRefused> {
  const { ok: batch, error } = decodeBatch(bytes)
  if (batch === undefined) return fail(new BatchRefused('malformed', error.message))
  const { source, audience } = batch.header
  if (!sources.includes(source))
    return refuse('stranger', `source expected one of the setting handFrom, got ${shown(source)}`)
  if (!audiences.includes(audience))
    return refuse('misaddressed', `audience expected ${audiences[0]}, got ${shown(audience)}`)
  return ok(batch)
}

/** What others wrote, short enough for a message. */
function shown(did: string): string {
  return did.length <= 100 ? did : `${did.slice(0, 100)}…`
}

/**
 * Checks a batch's signature and hash, takes its groups into the inbox, and signs the answer. A
 * batch that comes again is answered again, and counts nothing: its groups were seen.
 *
 * A group that could be no part of a log, or is a read that another gateway served, is refused
 * alone, with the reason in the answer.
 *
 * @returns the answer's bytes, which promise that what they call counted is durable
 * @example
 * const { ok: ack, error } = await takeBatch(body, deps, signal)
 */
export async function takeBatch(
  bytes: Uint8Array,
  deps: ReceiveDeps,
  signal: AbortSignal,
): Promise<Result<Uint8Array, BatchRefused | InboxFull>> {
  const { inbox, signatures, signer, hasher } = deps
  const { ok: batch, error } = readBatch(bytes, deps)
  if (batch === undefined) return fail(error)
  const { header, headerBytes, signature } = batch
  const signed = await signedBy(header.source, headerBytes, signature, signatures, signal)
  if (signed === 'unknown')
    return refuse('unresolved', `keys of ${header.source} can not be had now: try again`)
  if (signed === 'forged')
    return refuse('forged', `batch expected the signature of ${header.source}, got another`)
  const { ok: groups, error: altered } = batchGroups(batch, hasher)
  if (groups === undefined) return refuse('forged', altered.message)
  const verdicts = await acceptGroups(groups, header.source, inbox, hasher)
  if (verdicts.error !== undefined) return verdicts
  const { audience: by, source } = header
  return ok(
    await makeAck({ by, source, batch: hasher.sha256(headerBytes), verdicts: verdicts.ok }, signer),
  )
}

async function acceptGroups(
  groups: Groups,
  source: string,
  inbox: Inbox,
  hasher: Hasher,
): Promise<Result<readonly InboxVerdict[], InboxFull>> {
  const checked = groups.map((entries) => keyedGroup(entries, source, hasher))
  const good = checked.flatMap(({ ok: group }) => (group === undefined ? [] : [group]))
  const accepted = await inbox.accept(source, good)
  if (accepted.error !== undefined) return accepted
  const verdicts = accepted.ok.values()
  return ok(
    checked.map(({ error }): InboxVerdict =>
      error === undefined ? verdicts.next().value! : { kind: 'refused', reason: error.message },
    ),
  )
}

function keyedGroup(
  entries: readonly Uint8Array[],
  source: string,
  hasher: Hasher,
): Result<InboxGroup, Error> {
  const { ok: group, error } = checkGroup(source, entries)
  if (group === undefined) return fail(error)
  const other = group.map((logged) => servedBy(logged)).find((did) => did && did !== source)
  if (other !== undefined)
    return fail(new Error(`provider expected ${source}, got ${other}: hosts hand on their own`))
  // A group that passed begins with a READ or a FETCH, which have keys.
  return ok({ key: groupKey(group[0]!, hasher)!, entries })
}

/** The gateway that says of itself that it did the work. A FETCH names whom it drew on. */
function servedBy({ kind, entry }: LogEntry): string | undefined {
  return kind === 'read' || kind === 'exec' ? entry.provider : undefined
}

function refuse(fault: BatchFault, message: string): { readonly error: BatchRefused } {
  return fail(new BatchRefused(fault, message))
}
