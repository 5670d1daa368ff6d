/**
 * The checkpoint of an entry's own hour, once that is anchored: with the signatures of witnesses.
 * @module
 */
import type { Anchoring } from '@turnpike/core/epochs/anchor-file'
import { concatBytes } from '@turnpike/core/bytes'
import type { EpochStore } from '@turnpike/core/ports/epoch-store'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import type { LogReader } from '../reader.ts'
import type { SealChain } from '../seal-chain.ts'

/** What the log was at the end of an hour, and who else holds that. */
export interface AnchoredHead {
  /** Entries in it. */
  readonly size: number
  /** A signed note. */
  readonly checkpoint: Uint8Array
  readonly epoch: number
  readonly state: 'anchored' | 'final'
  readonly anchors: readonly Anchoring[]
}

/** The entry's hour goes on, or no anchor holds it yet. */
export class NotAnchored extends Error {
  override readonly name = 'NotAnchored'
}

/** Where anchored hours are found. */
export interface AnchoredHours {
  readonly epochs: Pick<EpochStore, 'get'>
  readonly chain: SealChain
}

/**
 * What the log was at the end of the hour that an entry is of, cosigned by the witnesses that are
 * among its anchors.
 *
 * @throws {LogCorrupt} when a SEAL is missing or altered
 * @example
 * const { ok: head, error } = await anchoredHead(index, reader, { epochs, chain })
 */
export async function anchoredHead(
  index: number,
  reader: LogReader,
  { epochs, chain }: AnchoredHours,
): Promise<Result<AnchoredHead, NotAnchored>> {
  const epoch = await chain.epochOf(reader, index)
  const record = await epochs.get(epoch)
  const state = record?.state ?? 'pending'
  if (record === undefined || state === 'pending' || state === 'batched') {
    const message = `entry ${index} expected to be of an anchored hour, its hour is ${state}`
    return fail(new NotAnchored(`${message}: try again later`))
  }
  const { end, checkpoint } = record.statement
  const { anchorings: anchors } = record
  const lines = anchors.flatMap(cosignaturesOf).map((line) => `${line}\n`)
  const cosigned = concatBytes([checkpoint, new TextEncoder().encode(lines.join(''))])
  return ok({ size: end, checkpoint: cosigned, epoch, state, anchors })
}

/** Lines of a note, as witnesses sign it. */
function cosignaturesOf({ proof }: Anchoring): readonly string[] {
  const lines = proof?.['kind'] === 'witness' ? proof['cosignatures'] : undefined
  return Array.isArray(lines) ? (lines as readonly string[]) : []
}
