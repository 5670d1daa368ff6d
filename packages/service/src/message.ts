/**
 * Agent messages: invocations in a CAR, none of whose blocks is believed before it is hashed.
 * Source: ucanto, `ucanto/message@7.0.0`; UCAN-IPLD.
 * @module
 */
import { decode as decodeCbor, encode as encodeCbor } from '@ipld/dag-cbor'
import { Invocation, type API } from '@ucanto/core'
import { CID } from 'multiformats/cid'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { encodeCar } from '@turnpike/core/car/encode'
import { DAG_CBOR, linkFromBytes, type Link } from '@turnpike/core/link'
import {
  CHAIN_DEPTH_MAX,
  MESSAGE_BATCHED_MAX,
  MESSAGE_BLOCKS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_INVOCATIONS_MAX,
  MESSAGE_PROOF_STEPS_MAX,
} from '@turnpike/core/limits/ucan'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { readUcanBlocks, type Ucan, type UcanBlocks } from '@turnpike/core/ucan/archive'

/** A message's one variant. */
const VARIANT = 'ucanto/message@7.0.0'

/** A body is no agent message, or breaks a bound. */
export class MessageMalformed extends Error {
  override readonly name = 'MessageMalformed'
}

/** An invocation that was asked for, with everything that came with it. */
export interface Asked {
  readonly ucan: Ucan
  readonly blocks: UcanBlocks
}

/** What an invocation asks for; empty for one that asks for nothing, or for several things. */
export function abilityOf({ capabilities }: Ucan): string {
  return capabilities.length === 1 ? capabilities[0]!.can : ''
}

/**
 * Reads a message. Every UCAN that an invocation leads to has the one form that its CID may have,
 * and the ways through its proofs are few.
 *
 * @param batched abilities of which a message may ask for more than of others
 * @returns invocations in their order, each once
 * @example
 * const message = readMessage(body, nodeHasher)
 * if (message.ok) for (const asked of message.ok) run(asked)
 */
export function readMessage(
  body: Uint8Array,
  hasher: Hasher,
  batched: ReadonlySet<string> = new Set(),
): Result<readonly Asked[], MessageMalformed> {
  const bounds = { bytesMax: MESSAGE_BYTES_MAX, blocksMax: MESSAGE_BLOCKS_MAX }
  const read = readUcanBlocks(body, hasher, bounds)
  if (read.error) return malformed(read.error.message)
  const blocks = read.ok
  const keys = executed(blocks)
  if (keys === undefined) return malformed(`root expected ${VARIANT} with a list of invocations`)
  if (keys.length === 0 || keys.length > MESSAGE_BATCHED_MAX)
    return malformed(`1 to ${MESSAGE_BATCHED_MAX} invocations expected, got ${keys.length}`)
  const invocations: Asked[] = []
  for (const key of new Set(keys)) {
    const ucan = blocks.find(key)
    if (ucan === undefined) return malformed('each invocation expected to be a UCAN in the message')
    const fault = proofsFault(ucan, blocks)
    if (fault !== undefined) return malformed(fault)
    invocations.push({ ucan, blocks })
  }
  const others = invocations.filter(({ ucan }) => !batched.has(abilityOf(ucan))).length
  if (others > MESSAGE_INVOCATIONS_MAX)
    return malformed(`1 to ${MESSAGE_INVOCATIONS_MAX} invocations expected, got ${others}`)
  return ok(invocations)
}

function malformed(message: string): Result<never, MessageMalformed> {
  return fail(new MessageMalformed(message))
}

function executed({ root, block }: UcanBlocks): readonly BytesKey[] | undefined {
  const bytes = root && block(root)
  if (bytes === undefined) return undefined
  try {
    const value: Readonly<Record<string, { readonly execute?: unknown } | undefined>> | null =
      decodeCbor(bytes)
    const execute = value?.[VARIANT]?.execute
    if (!Array.isArray(execute)) return undefined
    const cids = execute.map((link) => CID.asCID(link))
    return cids.every((cid) => cid !== null) ? cids.map(({ bytes: cid }) => keyOf(cid)) : undefined
  } catch {
    return undefined
  }
}

/**
 * Libraries walk proofs as a tree, once for each way to them: a few blocks that share their proofs
 * would make millions of steps.
 */
function proofsFault(root: Ucan, { block, find }: UcanBlocks): string | undefined {
  let steps = 0
  const waiting = [{ ucan: root, depth: 1 }]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at.depth > CHAIN_DEPTH_MAX) return `chains expected <= ${CHAIN_DEPTH_MAX} links, got more`
    for (const key of at.ucan.proofs) {
      if (++steps > MESSAGE_PROOF_STEPS_MAX)
        return `ways through proofs expected <= ${MESSAGE_PROOF_STEPS_MAX}, got more`
      if (block(key) === undefined) continue
      const ucan = find(key)
      if (ucan === undefined) return 'proofs expected to be UCANs in canonical form'
      waiting.push({ ucan, depth: at.depth + 1 })
    }
  }
  return undefined
}

/** Longest binary CID that can be in a message. */
const CID_BYTES_MAX = 64

/** Key of a CID that an invocation names; undefined when none like it can be in a message. */
export function keyOfCid({ bytes }: { readonly bytes: Uint8Array }): BytesKey | undefined {
  return bytes.length <= CID_BYTES_MAX ? keyOf(bytes) : undefined
}

/** A UCAN of a message, and its proofs that are there, each once. */
function* reachable(
  root: Ucan,
  { find, block }: UcanBlocks,
): Generator<{ readonly ucan: Ucan; readonly bytes: Uint8Array }> {
  const seen = new Set<BytesKey>([root.key])
  const waiting: Ucan[] = [root]
  for (let ucan = waiting.pop(); ucan !== undefined; ucan = waiting.pop()) {
    yield { ucan, bytes: block(ucan.key)! }
    for (const key of ucan.proofs) {
      const proof = seen.has(key) ? undefined : find(key)
      seen.add(key)
      if (proof !== undefined) waiting.push(proof)
    }
  }
}

/** All UCANs that one leads to, itself first. */
export function ucansOf({ ucan, blocks }: Asked): readonly Ucan[] {
  return [...reachable(ucan, blocks)].map((one) => one.ucan)
}

/**
 * A UCAN of a message with its proofs, as ucanto archives it.
 *
 * @example
 * const archive = archiveOf(asked, nodeHasher)
 */
export function archiveOf({ ucan: root, blocks }: Asked, hasher: Hasher): Uint8Array {
  const variant = cborBlock({ 'ucan@0.9.1': CID.decode(root.cid) }, hasher)
  const ucans = [...reachable(root, blocks)].map(({ ucan, bytes }) => {
    return { link: linkFromBytes(ucan.cid)!, bytes }
  })
  return encodeCar([variant.link], [...ucans, variant])
}

/** An invocation as ucanto's validator wants it. */
export function viewOf({ ucan: root, blocks }: Asked): API.Invocation {
  const store = new Map<string, { cid: CID; bytes: Uint8Array }>()
  for (const { ucan, bytes } of reachable(root, blocks)) {
    const cid = CID.decode(ucan.cid)
    // A copy: ucanto reads keys on to the end of the buffer they are in.
    store.set(String(cid), { cid, bytes: new Uint8Array(bytes) })
  }
  const link = CID.decode(root.cid) as unknown as API.UCANLink<[API.Capability]>
  return Invocation.view({ root: link, blocks: store as never })
}

/** A DAG-CBOR block of a value, and its link. */
export interface CborBlock {
  readonly link: Link
  readonly bytes: Uint8Array
}

/** Encodes a value as a DAG-CBOR block. */
export function cborBlock(value: unknown, hasher: Hasher): CborBlock {
  const bytes = encodeCbor(value)
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  return { link: { version: 1, codec: DAG_CBOR, multihash }, bytes }
}

/** A receipt as messages carry it. */
export interface ReportedReceipt {
  /** Binary CIDs of the invocation and of the receipt. */
  readonly task: Uint8Array
  readonly receiptCid: Uint8Array
  readonly receipt: Uint8Array
}

/**
 * A message that reports receipts.
 *
 * @example
 * const body = encodeReport([{ task, receiptCid, receipt }], nodeHasher)
 */
export function encodeReport(receipts: readonly ReportedReceipt[], hasher: Hasher): Uint8Array {
  const report = Object.fromEntries(
    receipts.map(({ task, receiptCid }) => [String(CID.decode(task)), CID.decode(receiptCid)]),
  )
  const root = cborBlock({ [VARIANT]: { report } }, hasher)
  const blocks = receipts.map(({ receiptCid, receipt }) => {
    return { link: linkFromBytes(receiptCid)!, bytes: receipt }
  })
  return encodeCar([root.link], [...blocks, root])
}
