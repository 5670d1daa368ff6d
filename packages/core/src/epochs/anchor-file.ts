/**
 * `<epoch>.anchor`: how far each anchor is with an epoch. It changes until all of them are final.
 * @module
 */
import type { NoteSigner } from '../note/note.ts'
import type { AnchorProof, EpochStatement } from '../ports/anchor.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Result } from '../result.ts'
import {
  bad,
  hashText,
  parseLine,
  readCount,
  readHash,
  readObject,
  readObjects,
  readText,
  signLine,
} from './signed-line.ts'
import type { InvalidEpochFile, JsonObject, LineFormat, SignedLine } from './signed-line.ts'
import { ANCHORING_STATES, type AnchoringState } from './state.ts'

/** The part of an epoch that its `.anchor` and its `.final` repeat. */
export type AnchoredEpoch = Pick<EpochStatement, 'origin' | 'epoch' | 'end' | 'root'>

/** One anchor's standing with an epoch. */
export interface Anchoring {
  /** Name of the anchor. */
  readonly anchor: string
  readonly state: AnchoringState
  /** Null while it is only sent. */
  readonly proof: AnchorProof | null
}

/** What a `.anchor` says. Anchors that were sent nothing yet are not in it. */
export interface PublishedAnchors extends AnchoredEpoch {
  readonly anchors: readonly Anchoring[]
}

const ANCHOR_FORMAT: LineFormat<PublishedAnchors> = {
  type: 'turnpike-epoch-anchor/v1',
  write: (epoch) => ({
    ...writeAnchored(epoch),
    anchors: epoch.anchors.map(({ anchor, state, proof }) => ({ anchor, state, proof })),
  }),
  read: (line) => ({
    ...readAnchored(line),
    anchors: readObjects(line, 'anchors').map((one) => ({
      anchor: readText(one, 'anchor'),
      state: readState(one),
      proof: one['proof'] === null ? null : readProof(one),
    })),
  }),
}

/** Path of an epoch's `.anchor` below `receipts/`. */
export function anchorPath(epoch: number): string {
  return `read/${epoch}.anchor`
}

/**
 * The file.
 *
 * @example
 * const bytes = await anchorFile({ ...epoch, anchors }, signer, hasher)
 */
export function anchorFile(
  epoch: PublishedAnchors,
  signer: NoteSigner,
  hasher: Hasher,
): Promise<Uint8Array> {
  return signLine(ANCHOR_FORMAT, epoch, signer, hasher)
}

/**
 * What a `.anchor` says. Its signature is not checked: `verifyNote` does.
 *
 * @example
 * const { ok: anchors, error } = parseAnchorFile(bytes)
 */
export function parseAnchorFile(
  bytes: Uint8Array,
): Result<SignedLine<PublishedAnchors>, InvalidEpochFile> {
  return parseLine(ANCHOR_FORMAT, bytes)
}

/** The fields that a `.anchor` and a `.final` have in common. */
export function writeAnchored({ origin, epoch, end, root }: AnchoredEpoch): JsonObject {
  return { origin, epoch, end, root: hashText(root) }
}

/** Reads what {@link writeAnchored} wrote. */
export function readAnchored(line: JsonObject): AnchoredEpoch {
  return {
    origin: readText(line, 'origin'),
    epoch: readCount(line, 'epoch'),
    end: readCount(line, 'end'),
    root: readHash(line, 'root'),
  }
}

/** An anchor's proof: text, numbers and lists of texts. */
export function readProof(line: JsonObject): AnchorProof {
  const proof = readObject(line, 'proof')
  const isPlain = Object.values(proof).every(
    (value) =>
      typeof value === 'string' ||
      typeof value === 'number' ||
      (Array.isArray(value) && value.every((one) => typeof one === 'string')),
  )
  if (!isPlain) throw bad('proof', 'texts, numbers and lists of texts')
  return proof as AnchorProof
}

function readState(line: JsonObject): AnchoringState {
  const text = readText(line, 'state')
  const state = ANCHORING_STATES.find((one) => one === text)
  if (state === undefined) throw bad('state', 'sent, anchored or final')
  return state
}
