/**
 * What accounting answers about receipts: proofs, and the right edge of the hash tiles.
 * @module
 */
import type { AnchoredHead } from '@turnpike/accounting/receipts/anchored-head'
import { proveEntry, type ProvenEntry } from '@turnpike/accounting/receipts/prove-entry'
import { readJson, type ReadJson } from '@turnpike/accounting/receipts/read-json'
import { SealChain } from '@turnpike/accounting/seal-chain'
import { decodeState } from '@turnpike/accounting/state'
import type { Anchoring } from '@turnpike/core/epochs/anchor-file'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { encodeTlogProof } from '@turnpike/core/note/tlog-proof'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { entryTargetOf } from './entry-target.ts'

/** What `receiptProof` answers. */
export interface ReceiptProof {
  /** Public receipt id; null for what is no READ. */
  readonly receipt: string | null
  readonly index: number
  /** Entries of the log that the proof is about. */
  readonly size: number
  /** What the entry is: `read`, `fetch`, `seal` … */
  readonly kind: string
  readonly read: ReadJson | null
  /** The entry's bytes, base64. */
  readonly entry: string
  /** Text of a `.tlog-proof` file, the entry in its `extra`. */
  readonly proof: string
  /** The entry's hour and who holds it, when that was asked for; else null. */
  readonly anchored: {
    /** Hour number. */
    readonly epoch: number
    readonly state: 'anchored' | 'final'
    readonly anchors: readonly Anchoring[]
  } | null
}

/** What `receiptEdge` answers: the committed log's partial hash tiles, lowest first, base64. */
export interface ReceiptEdge {
  readonly size: number
  readonly tiles: readonly string[]
}

type Parts = Pick<AccountingParts, 'host' | 'log' | 'epochs' | 'receipts' | 'hasher'>

/** Operations about receipts, by name. */
export function receiptOperations(
  parts: Parts,
): Readonly<Record<'receiptProof' | 'receiptEdge', Operation>> {
  return { receiptProof: proofOperation(parts), receiptEdge: edgeOperation(parts) }
}

/**
 * `receiptProof {index | receipt, space?, newest?, anchored?}`: with `space`, only of that space's
 * reads; with `newest`, what journals hold is taken into the log before; with `anchored`, against
 * the anchored checkpoint of the entry's hour, not the newest.
 */
function proofOperation(parts: Parts): Operation {
  const hours = { epochs: parts.epochs, chain: new SealChain() }
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const target = entryTargetOf(asked)
    const { space, newest, anchored } = asked
    if (target === undefined || (space !== undefined && typeof space !== 'string'))
      return fail(
        new InvalidParams('receiptProof expected { index | receipt, space?, newest?, anchored? }'),
      )
    if (newest === true) {
      const caughtUp = await parts.host.catchUp()
      if (caughtUp.error !== undefined) return caughtUp
      if ('receipt' in target) await parts.receipts.catchUp()
    }
    const wish = { space, hours: anchored === true ? hours : undefined }
    const proven = await proveEntry(target, parts, wish)
    return proven.error === undefined ? ok(answerOf(proven.ok, parts)) : proven
  }
}

function answerOf(proven: ProvenEntry, { hasher }: Parts): ReceiptProof {
  const { index, size, logged, bytes, hashes, checkpoint, anchored } = proven
  const file = encodeTlogProof({ extra: bytes, index, hashes, checkpoint })
  const isRead = logged.kind === 'read'
  return {
    receipt: isRead ? receiptIdOf(logged.entry.id, hasher) : null,
    index,
    size,
    kind: logged.kind,
    read: isRead ? readJson(logged.entry) : null,
    entry: Buffer.from(bytes).toString('base64'),
    proof: new TextDecoder().decode(file),
    anchored: anchored === undefined ? null : shown(anchored),
  }
}

function shown({ epoch, state, anchors }: AnchoredHead): ReceiptProof['anchored'] {
  return { epoch, state, anchors }
}

function edgeOperation({ log, hasher }: Parts): Operation {
  return async () => {
    const committed = await log.load()
    if (committed === undefined) return ok({ size: 0, tiles: [] } satisfies ReceiptEdge)
    const { size, tiles } = decodeState(hasher, committed.bytes)
    const edge: ReceiptEdge = {
      size,
      tiles: tiles.map((tile) => Buffer.from(tile).toString('base64')),
    }
    return ok(edge)
  }
}
