/**
 * Consolidates batches of storage nodes: fetches them, checks their receipts, counts them once.
 * @module
 */
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { checkBatch, type CheckDeps } from '@turnpike/accounting/payout/check-batch'
import type { QueueHandler } from '@turnpike/accounting/queue/consumer'
import { readCar } from '@turnpike/core/car/read'
import { linkFromBytes, linkToBytes } from '@turnpike/core/link'
import { BATCH_VISIBILITY_MS, RECEIPT_ARCHIVE_BYTES_MAX } from '@turnpike/core/limits/payout'
import { decodeMultihash } from '@turnpike/core/multihash'
import type { StorageNode } from '@turnpike/core/payout/endpoint'
import type {
  CheckedBatch,
  Consolidation,
  IssuedReceipt,
  Payouts,
  WaitingBatch,
} from '@turnpike/core/ports/payouts'
import type { HeldMessage, QueueOutcome } from '@turnpike/core/ports/queue'
import { fail, type Result } from '@turnpike/core/result'
import { type GatewaySigner, issueReceipt } from '@turnpike/core/retrieve/message'
import { tempPath } from '../durable.ts'
import type { HttpTransport } from '../origins/transport.ts'
import { BatchUnavailable, fetchBatch } from './fetch-batch.ts'
import { BATCH_TOPIC } from './store.ts'

/** What consolidating takes. */
export interface ConsolidateDeps extends CheckDeps {
  readonly payouts: Payouts
  /** Those that the operator lists now. */
  readonly nodes: readonly StorageNode[]
  readonly transport: HttpTransport
  readonly signer: GatewaySigner
  /** Where batches lie while they are checked. */
  readonly directory: string
  readonly bytesMax?: number
}

/** Attempts for which keys of clients that can't be had now are waited for: some minutes. */
const PATIENT_ATTEMPTS = 8

/**
 * What is done with batches that wait. One that can't be had, or not whole, is tried again later,
 * and never becomes a receipt; one that is none gets a receipt that says so.
 *
 * @example
 * await consume(batchHandler(deps), { queue, clock, random }, signal)
 */
export function batchHandler(deps: ConsolidateDeps): QueueHandler {
  return {
    topic: BATCH_TOPIC,
    batchMax: 1,
    visibilityMs: BATCH_VISIBILITY_MS,
    handle: (messages, signal) =>
      Promise.all(messages.map((message) => consolidate(message, deps, signal))),
  }
}

async function consolidate(
  { key, attempt }: HeldMessage,
  deps: ConsolidateDeps,
  signal: AbortSignal,
): Promise<QueueOutcome> {
  const batch = await deps.payouts.waiting(Number(key))
  if (batch === undefined) return { kind: 'done' }
  const issue = issuing(batch, deps)
  const isPatient = attempt <= PATIENT_ATTEMPTS
  const checked = await checkedBatch(batch, isPatient, deps, signal)
  if (checked.ok) {
    await deps.payouts.consolidate(batch.id, checked.ok, issue)
    return { kind: 'done' }
  }
  const { name, message } = checked.error
  if (!FINAL.has(name)) return { kind: 'retry', reason: message }
  await deps.payouts.giveUp(batch.id, issue({ error: { name: 'EgressConsolidateError', message } }))
  return { kind: 'done' }
}

/** Errors of what a batch's CID stands for, and not of how it was got. */
const FINAL: ReadonlySet<string> = new Set(['BatchMalformed', 'BatchTooLarge', 'CarMalformed'])

async function checkedBatch(
  batch: WaitingBatch,
  isPatient: boolean,
  deps: ConsolidateDeps,
  signal: AbortSignal,
): Promise<Result<CheckedBatch, Error>> {
  const { node, trackedMs } = batch
  const url = new URL(batch.url)
  if (!deps.nodes.some(({ did, origin }) => did === node && origin === url.origin))
    return fail(new BatchUnavailable(`${url.origin} expected to be listed for ${node}, is not`))
  const { digest } = decodeMultihash(linkFromBytes(batch.batch)!.multihash)!
  const path = tempPath(deps.directory)
  try {
    const wanted = { url, digest, path, ...(deps.bytesMax && { bytesMax: deps.bytesMax }) }
    const fetched = await fetchBatch(wanted, deps.transport, signal)
    if (fetched.error) return fetched
    const bounds = { blockBytesMax: RECEIPT_ARCHIVE_BYTES_MAX }
    const car = await readCar(createReadStream(path), bounds)
    if (car.error) return car
    return await checkBatch(car.ok.frames, { node, trackedMs, isPatient, signal }, deps)
  } finally {
    await rm(path, { force: true })
  }
}

/** Signs the receipt of a batch's consolidation: the same bytes for the same outcome. */
function issuing(
  { task }: WaitingBatch,
  deps: Pick<ConsolidateDeps, 'signer' | 'hasher'>,
): (outcome: Consolidation) => IssuedReceipt {
  return (outcome) => {
    const { link, bytes } = issueReceipt(task, linked(outcome), deps)
    return { cid: linkToBytes(link), bytes }
  }
}

/** The outcome with CIDs, as DAG-CBOR has them. */
function linked(outcome: Consolidation): Parameters<typeof issueReceipt>[1] {
  if ('error' in outcome) return outcome
  const { totalEgress, errors } = outcome.ok
  const shown = errors.map(({ name, message, receipt }) => {
    return { name, message, receipt: CID.decode(receipt) }
  })
  return { ok: { totalEgress, errors: shown } }
}
