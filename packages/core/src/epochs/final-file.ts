/**
 * `<epoch>.final`: which anchors hold an epoch for good, and what was issued for it. It never
 * changes.
 * @module
 */
import type { NoteSigner } from '../note/note.ts'
import type { AnchorProof } from '../ports/anchor.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Result } from '../result.ts'
import { readAnchored, readProof, writeAnchored, type AnchoredEpoch } from './anchor-file.ts'
import { parseLine, readObject, readObjects, readText, signLine } from './signed-line.ts'
import type { InvalidEpochFile, JsonObject, LineFormat, SignedLine } from './signed-line.ts'

/** One anchor that holds an epoch for good. */
export interface FinalAnchoring {
  /** Name of the anchor. */
  readonly anchor: string
  readonly proof: AnchorProof
}

/** What a `.final` says. */
export interface PublishedFinal extends AnchoredEpoch {
  readonly anchors: readonly FinalAnchoring[]
  /** What credits were issued, and by which rules (docs/reference/epochs.md). */
  readonly issuance: JsonObject
}

const FINAL_FORMAT: LineFormat<PublishedFinal> = {
  type: 'turnpike-epoch-final/v1',
  write: (epoch) => ({
    ...writeAnchored(epoch),
    anchors: epoch.anchors.map(({ anchor, proof }) => ({ anchor, proof })),
    issuance: epoch.issuance,
  }),
  read: (line) => ({
    ...readAnchored(line),
    anchors: readObjects(line, 'anchors').map((one) => ({
      anchor: readText(one, 'anchor'),
      proof: readProof(one),
    })),
    issuance: readObject(line, 'issuance'),
  }),
}

/** Path of an epoch's `.final` below `receipts/`. */
export function finalPath(epoch: number): string {
  return `read/${epoch}.final`
}

/**
 * The file.
 *
 * @example
 * const bytes = await finalFile({ ...epoch, anchors, issuance }, signer, hasher)
 */
export function finalFile(
  epoch: PublishedFinal,
  signer: NoteSigner,
  hasher: Hasher,
): Promise<Uint8Array> {
  return signLine(FINAL_FORMAT, epoch, signer, hasher)
}

/**
 * What a `.final` says. Its signature is not checked: `verifyNote` does.
 *
 * @example
 * const { ok: final, error } = parseFinalFile(bytes)
 */
export function parseFinalFile(
  bytes: Uint8Array,
): Result<SignedLine<PublishedFinal>, InvalidEpochFile> {
  return parseLine(FINAL_FORMAT, bytes)
}
