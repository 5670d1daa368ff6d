/**
 * Agent messages with one invocation, or one receipt.
 * Source: ucanto, `ucanto/message@7.0.0` and receipts; UCAN-IPLD.
 * @module
 */
import { decode as decodeCbor, encode as encodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { bytesOfKey, concatBytes, keyOf, type BytesKey } from '../bytes.ts'
import { encodeCar } from '../car/encode.ts'
import { AGENT_HEADER_BLOCKS_MAX, AGENT_HEADER_MESSAGE_BYTES_MAX } from '../limits/ucan.ts'
import { DAG_CBOR, linkFromBytes, linkToCid, type Link } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { readUcanBlocks, type UcanBlocks } from '../ucan/archive.ts'

/** A message's one variant. */
const VARIANT = 'ucanto/message@7.0.0'

/** Bytes are no agent message with exactly one invocation. */
export class NotOneInvocation extends Error {
  override readonly name = 'NotOneInvocation'
}

/** A block that is sent in a message. */
export interface MessageBlock {
  readonly link: Link
  readonly bytes: Uint8Array
}

/** What a message asks for, and what came with it. */
export interface ExecuteMessage {
  /** Binary CID of the invocation, which need not be among the blocks. */
  readonly task: BytesKey
  readonly blocks: UcanBlocks
}

/**
 * Reads a message that asks for one invocation. Blocks are hashed; nothing else is believed yet.
 *
 * @example
 * const message = readExecute(car, nodeHasher)
 */
export function readExecute(
  car: Uint8Array,
  hasher: Hasher,
): Result<ExecuteMessage, NotOneInvocation> {
  const bounds = {
    bytesMax: AGENT_HEADER_MESSAGE_BYTES_MAX,
    blocksMax: AGENT_HEADER_BLOCKS_MAX,
  }
  const read = readUcanBlocks(car, hasher, bounds)
  if (read.error) return fail(new NotOneInvocation(`agent message expected: ${read.error.message}`))
  const { root, block } = read.ok
  const execute = executedBy(root && block(root))
  if (execute?.length !== 1)
    return fail(
      new NotOneInvocation(
        `agent message expected exactly one invocation, got ${execute?.length ?? 'none'}`,
      ),
    )
  return ok({ task: execute[0]!, blocks: read.ok })
}

/** Longest binary CID that an invocation can have. */
const CID_BYTES_MAX = 64

/** CIDs of a message's invocations; undefined for what is no message. */
function executedBy(bytes: Uint8Array | undefined): readonly BytesKey[] | undefined {
  if (bytes === undefined) return undefined
  try {
    const value: Readonly<Record<string, { readonly execute?: unknown } | undefined>> | null =
      decodeCbor(bytes)
    const execute = value?.[VARIANT]?.execute
    if (!Array.isArray(execute)) return undefined
    const cids = execute.map((link) => CID.asCID(link)?.bytes)
    const isRight = cids.every((cid) => cid !== undefined && cid.length <= CID_BYTES_MAX)
    return isRight ? cids.map((cid) => keyOf(cid!)) : undefined
  } catch {
    return undefined
  }
}

/**
 * A message that asks for one invocation.
 *
 * @param task binary CID of the invocation
 * @param blocks it and its proofs, or those of them that are to be sent
 * @example
 * const car = encodeExecute(invocation.cid.bytes, [...blocks], nodeHasher)
 */
export function encodeExecute(
  task: Uint8Array,
  blocks: readonly MessageBlock[],
  hasher: Hasher,
): Uint8Array {
  return encodeExecuteAll([task], blocks, hasher)
}

/** The same for several invocations. */
export function encodeExecuteAll(
  tasks: readonly Uint8Array[],
  blocks: readonly MessageBlock[],
  hasher: Hasher,
): Uint8Array {
  const execute = tasks.map((task) => CID.decode(task))
  const root = cborBlock({ [VARIANT]: { execute } }, hasher)
  return encodeCar([root.link], [...blocks, root])
}

/** Signs in a gateway's name. */
export interface GatewaySigner {
  /** The DID that it has. */
  readonly did: string
  /** Ed25519: 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** What came of an invocation. */
export type Outcome =
  | { readonly ok: object }
  | { readonly error: { readonly name: string; readonly message: string } }

/** Ed25519 as varsig writes it: its code, and that 64 bytes follow. */
const ED25519_VARSIG = new Uint8Array([0xed, 0xa1, 0x03, 0x40])

/**
 * The receipt of an invocation: its one block.
 *
 * @param task binary CID of the invocation
 * @example
 * const { link, bytes } = issueReceipt(task, { ok: {} }, { signer, hasher: nodeHasher })
 */
export function issueReceipt(
  task: Uint8Array,
  out: Outcome,
  { signer, hasher }: { readonly signer: GatewaySigner; readonly hasher: Hasher },
): MessageBlock {
  const ran = CID.decode(task)
  const ocm = { ran, out, fx: { fork: [] }, meta: {}, iss: signer.did, prf: [] }
  const signature = signer.sign(encodeCbor(ocm))
  return cborBlock({ ocm, sig: concatBytes([ED25519_VARSIG, signature]) }, hasher)
}

/**
 * A message that reports the receipt of one invocation, which it does not hold itself.
 *
 * @param task binary CID of the invocation
 * @example
 * const car = encodeReceipt(task, { ok: {} }, { signer, hasher: nodeHasher })
 */
export function encodeReceipt(
  task: Uint8Array,
  out: Outcome,
  deps: { readonly signer: GatewaySigner; readonly hasher: Hasher },
): Uint8Array {
  const receipt = issueReceipt(task, out, deps)
  const report = { [String(CID.decode(task))]: linkToCid(receipt.link) }
  const root = cborBlock({ [VARIANT]: { report } }, deps.hasher)
  return encodeCar([root.link], [receipt, root])
}

/** A UCAN of some blocks as a block of a CAR; undefined where it is not among them. */
export function ucanBlock(key: BytesKey, { block }: UcanBlocks): MessageBlock | undefined {
  const bytes = block(key)
  const link = linkFromBytes(bytesOfKey(key))
  return bytes === undefined || link === undefined ? undefined : { link, bytes }
}

function cborBlock(value: unknown, hasher: Hasher): MessageBlock {
  const bytes = encodeCbor(value)
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  return { link: { version: 1, codec: DAG_CBOR, multihash }, bytes }
}
