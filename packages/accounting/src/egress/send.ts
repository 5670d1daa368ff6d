/**
 * Sends records of egress to another service, many in one message, and reads what came of each.
 * @module
 */
import { bytesOfKey, keyOf, type BytesKey } from '@turnpike/core/bytes'
import { signedBy, type Signatures } from '@turnpike/core/handover/signed-by'
import {
  EGRESS_SENT_BLOCKS_MAX,
  EGRESS_SENT_BYTES_MAX,
  EGRESS_SENT_MAX,
  EGRESS_SENT_TIMEOUT_MS,
} from '@turnpike/core/limits/queue'
import { linkToBytes, linkToCid } from '@turnpike/core/link'
import type { HeldMessage, QueueOutcome } from '@turnpike/core/ports/queue'
import type { Hasher } from '@turnpike/core/ports/runtime'
import {
  encodeExecuteAll,
  type GatewaySigner,
  type MessageBlock,
} from '@turnpike/core/retrieve/message'
import type { Result } from '@turnpike/core/result'
import { readReceipts, type Receipt } from '@turnpike/core/ucan/read-receipts'
import { RECORD_EGRESS } from '@turnpike/core/ucan/record'
import { signInvocation } from '@turnpike/core/ucan/sign-invocation'
import type { QueueHandler } from '../queue/consumer.ts'
import { EGRESS_TOPIC } from './follow.ts'
import { decodeOutgoing } from './outgoing.ts'

/** By what a space lets this gateway record. */
export interface RecordLeave {
  /** Signs as the DID that the space delegated to. */
  readonly signer: GatewaySigner
  /** The delegation, and all that it stands on; itself first. */
  readonly proofs: readonly MessageBlock[]
}

/** What sending takes. */
export interface SendDeps {
  /** DID of the service. */
  readonly audience: string
  readonly hasher: Hasher
  readonly signatures: Signatures
  /**
   * By what a space lets this gateway record, the same each time as long as it holds; undefined
   * when it does not.
   */
  leaveOf(space: string, signal: AbortSignal): Promise<RecordLeave | undefined>
  /** Posts a message; the body of an answer with status 200, or why there is none. */
  post(body: Uint8Array, signal: AbortSignal): Promise<Result<Uint8Array, PostFault>>
}

/** Nothing came back that could have receipts in it. */
export interface PostFault extends Error {
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined
}

/** A record that was signed. */
interface Signed {
  readonly held: HeldMessage
  readonly invocation: MessageBlock
  readonly proofs: readonly MessageBlock[]
}

/**
 * The queue's handler. A record is done when its own receipt, signed by the service, says so, and
 * never by the status of the answer; it is signed to the same bytes each time, so that a receiver
 * counts it once.
 *
 * @example
 * await consume(egressHandler(deps), { queue, clock, random }, signal)
 */
export function egressHandler(deps: SendDeps): QueueHandler {
  return {
    topic: EGRESS_TOPIC,
    batchMax: EGRESS_SENT_MAX,
    // A batch is one message, seldom two; what is sent twice is counted once.
    visibilityMs: 2 * EGRESS_SENT_TIMEOUT_MS,
    async handle(messages, signal) {
      const outcomes = new Map<number, QueueOutcome>()
      const signed: Signed[] = []
      for (const held of messages) {
        const one = await sign(held, deps, signal)
        if ('kind' in one) outcomes.set(held.id, one)
        else signed.push(one)
      }
      for (const batch of batches(signed))
        for (const [id, outcome] of await send(batch, deps, signal)) outcomes.set(id, outcome)
      return messages.map(({ id }) => outcomes.get(id)!)
    },
  }
}

async function sign(
  held: HeldMessage,
  deps: SendDeps,
  signal: AbortSignal,
): Promise<Signed | QueueOutcome> {
  const record = decodeOutgoing(held.body)
  if (record === undefined) return { kind: 'dead', reason: 'what the queue kept is no record' }
  const { space, resource, bytes, servedAtMs, nonce } = record
  const leave = await deps.leaveOf(space, signal)
  if (leave === undefined)
    return retry(`${space} expected to let this gateway serve it: delegate to it again`)
  const { signer, proofs } = leave
  const nb = { resource: linkToCid(resource), bytes, servedAt: servedAtMs }
  const invocation = await signInvocation(
    {
      audience: deps.audience,
      capability: { can: RECORD_EGRESS, with: space, nb },
      proofs: proofs.slice(0, 1),
      expiresMs: undefined,
      nonce,
    },
    { signer, hasher: deps.hasher },
  )
  return { held, invocation, proofs }
}

/** Splits where a message would get too large for a receiver. */
function batches(all: readonly Signed[]): Signed[][] {
  const split: Signed[][] = []
  let blocks = new Set<BytesKey>()
  let bytes = 0
  for (const one of all) {
    const { invocation, proofs } = one
    const fresh = [invocation, ...proofs].filter(({ link }) => !blocks.has(blockKey(link)))
    const more = fresh.reduce((sum, block) => sum + block.bytes.length, 0)
    const isFull =
      blocks.size + fresh.length > EGRESS_SENT_BLOCKS_MAX || bytes + more > EGRESS_SENT_BYTES_MAX
    if (split.length === 0 || isFull) {
      split.push([])
      blocks = new Set()
      bytes = 0
    }
    split.at(-1)!.push(one)
    bytes += more
    for (const { link } of [invocation, ...proofs]) blocks.add(blockKey(link))
  }
  return split
}

function blockKey(link: MessageBlock['link']): BytesKey {
  return keyOf(linkToBytes(link))
}

async function send(
  batch: readonly Signed[],
  deps: SendDeps,
  signal: AbortSignal,
): Promise<Map<number, QueueOutcome>> {
  const blocks = new Map<BytesKey, MessageBlock>()
  for (const { invocation, proofs } of batch)
    for (const block of [...proofs, invocation]) blocks.set(blockKey(block.link), block)
  const tasks = batch.map(({ invocation }) => blockKey(invocation.link))
  const body = encodeExecuteAll(tasks.map(bytesOfKey), [...blocks.values()], deps.hasher)
  const answer = await deps.post(body, signal)
  if (answer.error !== undefined && batch.length > 1 && isRefusal(answer.error))
    return sendHalves(batch, deps, signal)
  const report = answer.ok && readReceipts(answer.ok, deps.hasher)
  const error = answer.error ?? report?.error
  const outcomes = new Map<number, QueueOutcome>()
  for (const [i, { held }] of batch.entries()) {
    const receipt = report?.ok?.get(tasks[i]!)
    const outcome = receipt && (await outcomeOf(receipt, deps, signal))
    outcomes.set(held.id, outcome ?? retry(error?.message ?? 'a receipt expected, got none of it'))
  }
  return outcomes
}

/** The message itself was refused: maybe for one of its invocations, which takes none along. */
function isRefusal({ status = 0 }: PostFault): boolean {
  return status === 400 || status === 413 || status === 422
}

async function sendHalves(
  batch: readonly Signed[],
  deps: SendDeps,
  signal: AbortSignal,
): Promise<Map<number, QueueOutcome>> {
  const half = Math.ceil(batch.length / 2)
  const first = await send(batch.slice(0, half), deps, signal)
  return new Map([...first, ...(await send(batch.slice(half), deps, signal))])
}

/** Errors that no time heals: the record itself is what is wrong. */
const FINAL: ReadonlySet<string> = new Set([
  'MalformedCapability',
  'UnknownCapability',
  'InvocationCapabilityError',
  'ServedAtSeconds',
  'ServedAtTooOld',
  'EgressRefused',
])

async function outcomeOf(
  { issuer, out, signed, signature }: Receipt,
  { audience, signatures }: SendDeps,
  signal: AbortSignal,
): Promise<QueueOutcome> {
  if (issuer !== audience) return retry(`a receipt of ${audience} expected, got one of ${issuer}`)
  const how = await signedBy(audience, signed, signature, signatures, signal)
  if (how !== 'signed') return retry(`a receipt signed by ${audience} expected, is ${how}`)
  if (out.error === undefined) return { kind: 'done' }
  const { name, message } = out.error
  const reason = `${name}: ${message}`
  return FINAL.has(name) ? { kind: 'dead', reason } : retry(reason)
}

function retry(reason: string): QueueOutcome {
  return { kind: 'retry', reason }
}
