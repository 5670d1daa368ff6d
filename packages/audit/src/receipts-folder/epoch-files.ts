/**
 * The files of epochs, held against the log (docs/reference/epochs.md).
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBase64, sameBytes } from '../base64.ts'
import { BadBundle } from '../bundle/fields.ts'
import { parseEpochAnchor, parseEpochFinal, parseEpochRoot } from '../epoch-file.ts'
import type { EpochAnchors, EpochFinal, EpochRoot } from '../epoch-file.ts'
import type { Findings } from '../findings.ts'
import type { SealedEpoch } from '../log-walk.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatKey, formatNote } from '../note.ts'
import type { NoteKey } from '../note.ts'
import { CreditsReplay } from './credits.ts'
import type { EpochRecords } from './epoch-records.ts'
import { filesBelow, readIfThere } from '../files.ts'
import type { SignedHead } from '../monitor/heads.ts'
import { misbehaviour } from '../misbehaviour.ts'
import type { Misbehaviour } from '../misbehaviour.ts'
import { readOr } from './read-or.ts'
import { checkSigned, readCheckpoint } from './signatures.ts'

/** What epochs' files are held against. */
export interface EpochFilesParts {
  /** The data folder. */
  readonly data: string
  readonly key: NoteKey | undefined
  /** Whether the folder was stopped cleanly: then each file that is recorded must be there. */
  readonly isClean: boolean
  readonly records: EpochRecords | undefined
  readonly findings: Findings
}

/** How many epochs have which file, and what was issued. */
export interface EpochCounts {
  batched: number
  anchored: number
  final: number
  /** Micro-credits. */
  issued: bigint
}

const KINDS = ['root', 'anchor', 'final'] as const
type Kind = (typeof KINDS)[number]

/** What all files of an epoch say. */
type EpochLine = Pick<EpochRoot, 'note' | 'origin' | 'epoch' | 'end' | 'root'>

/** Whether the log's key signed a line, and nobody else. */
interface Signed {
  readonly isSigned: boolean
}

/**
 * Takes the log's epochs in their order.
 *
 * @example
 * const files = new EpochFiles(parts)
 * const walk = new LogWalk({ ...parts, onSeal: (sealed) => files.epoch(sealed) })
 * files.end()
 */
export class EpochFiles {
  readonly counts: EpochCounts = { batched: 0, anchored: 0, final: 0, issued: 0n }
  /** What shows that the log signed two things that can't both be true. */
  readonly proofs: Misbehaviour[] = []
  /** Checkpoints that the log signed of another history. */
  readonly suspects: SignedHead[] = []
  readonly #parts: EpochFilesParts
  readonly #credits = new CreditsReplay()
  /** The first epoch that lacks a file of a kind: those after it must lack it, too. */
  readonly #lacking = new Map<Kind, number>()
  readonly #epochs = new Set<number>()
  #last = -1

  constructor(parts: EpochFilesParts) {
    this.#parts = parts
  }

  /** Epochs so far. */
  get epochs(): ReadonlySet<number> {
    return this.#epochs
  }

  /** Holds the files of the next epoch against what the log has of it. */
  epoch(sealed: SealedEpoch): void {
    const { epoch } = sealed.seal
    this.#epochs.add(epoch)
    this.#last = epoch
    const root = this.#read('root', epoch, parseEpochRoot)
    const anchor = this.#read('anchor', epoch, parseEpochAnchor)
    const final = this.#read('final', epoch, parseEpochFinal)
    if (root !== undefined) this.#root(root, sealed)
    if (anchor !== undefined) this.#same(anchor, `read/${epoch}.anchor`, sealed)
    if (final !== undefined) this.#final(final, anchor, sealed)
    if (root !== undefined) this.counts.batched++
    const isAnchored = anchor?.anchors.every(({ state }) => state !== 'sent') === true
    if (isAnchored || final !== undefined) this.counts.anchored++
    if (final !== undefined) this.counts.final++
    const record = this.#parts.records?.of(epoch)
    const recorded = this.#parts.isClean ? record?.files : undefined
    for (const kind of KINDS) this.#order(kind, epoch, recorded?.has(kind) === true)
    const published = final && JSON.stringify(final.issuance)
    if (published !== undefined && record?.issuance !== undefined)
      this.#parts.findings.same(
        `receipts/read/${epoch}.final, issuance (as in billing.sqlite)`,
        record.issuance,
        published,
      )
  }

  /**
   * Looks for files of epochs that the log has not sealed, and for others.
   *
   * @param sealedNow the newest epoch that was sealed meanwhile
   * @param recorded epochs that the deployment has records of
   */
  end(sealedNow: number, recorded: readonly number[]): void {
    const { data, isClean, findings } = this.#parts
    for (const epoch of recorded)
      if (!this.#epochs.has(epoch) && (epoch <= this.#last || epoch > sealedNow))
        findings.add(`billing.sqlite, epoch ${epoch}`, 'one that the log has sealed', 'no SEAL')
    for (const path of filesBelow(join(data, 'receipts'))) {
      const [, number, kind] = /^read\/(0|[1-9]\d*)\.(\w+)$/.exec(path) ?? []
      const epoch = Number(number)
      const isSealed = this.#epochs.has(epoch) || (epoch > this.#last && epoch <= sealedNow)
      const isKnown = KINDS.includes(kind as Kind) && isSealed
      // Temps of who writes now, or was killed; a clean stop leaves none.
      const isTemp = !isClean && /^temp\/[^/!]+$/.test(path)
      if (!isKnown && !isTemp && path !== 'log.vkey')
        findings.add(`receipts/${path}`, 'no such file', 'one')
    }
  }

  /** A file as it is signed; undefined when there is none, or it is something else. */
  #read<T extends EpochLine>(
    kind: Kind,
    epoch: number,
    parse: (bytes: Uint8Array) => T,
  ): (T & Signed) | undefined {
    const { data, key, findings } = this.#parts
    const where = `receipts/read/${epoch}.${kind}`
    const bytes = readIfThere(join(data, where))
    if (bytes === undefined) return undefined
    const line = readOr(where, findings, () => parse(bytes))
    return line && { ...line, isSigned: checkSigned(where, bytes, line.note, key, findings) }
  }

  #root(line: EpochRoot & Signed, { seal, leaf, root }: SealedEpoch): void {
    const { findings, key } = this.#parts
    const path = `read/${seal.epoch}.root`
    this.#same(line, path, { seal, root })
    const same = (field: string, expected: string, found: string): void =>
      findings.same(`receipts/${path}, ${field}`, expected, found)
    same('previousEpoch', `${seal.previousEpoch}`, `${line.previousEpoch}`)
    same('first', `${seal.first}`, `${line.first}`)
    same('sealLeaf', encodeBase64(leaf), encodeBase64(line.sealLeaf))
    same('summaryRoot', encodeBase64(seal.summaryRoot), encodeBase64(line.summaryRoot))
    same('previousRoot', encodeBase64(seal.previousRoot), encodeBase64(line.previousRoot))
    const where = `receipts/${path}, checkpoint`
    const checkpoint = readCheckpoint(where, Buffer.from(line.checkpoint), key, findings)
    if (checkpoint === undefined) return
    findings.same(`${where}, size`, seal.end, checkpoint.size)
    findings.same(`${where}, root`, encodeBase64(root), encodeBase64(checkpoint.root))
    if (!sameBytes(checkpoint.root, root)) this.suspects.push(checkpoint)
    if (!line.isSigned || checkpoint.size !== line.end) return
    if (sameBytes(checkpoint.root, line.root)) return
    const evidence = { file: formatNote(line.note), checkpoint: checkpoint.note }
    this.proofs.push(misbehaviour('root', { key: formatKey(key!, nodeCrypto), ...evidence }))
  }

  #final(line: EpochFinal, anchors: EpochAnchors | undefined, sealed: SealedEpoch): void {
    const { findings } = this.#parts
    const { epoch } = sealed.seal
    const path = `read/${epoch}.final`
    this.#same(line, path, sealed)
    if (line.anchors.length === 0) findings.add(`receipts/${path}, anchors`, 'one at least', 'none')
    for (const { anchor, proof } of line.anchors) {
      const held = anchors?.anchors.find((one) => one.anchor === anchor)
      const found = held && JSON.stringify([held.state, held.proof])
      const expected = JSON.stringify(['final', proof])
      findings.same(`receipts/read/${epoch}.anchor, ${anchor}`, expected, found ?? 'none')
    }
    this.#issuance(line, `receipts/${path}, issuance`, sealed)
  }

  #issuance({ issuance }: EpochFinal, where: string, { seal, rows }: SealedEpoch): void {
    const { findings } = this.#parts
    try {
      const expected = this.#credits.issue(seal.epoch, rows, issuance)
      findings.same(`${where}, keys`, Object.keys(expected).join(), Object.keys(issuance).join())
      for (const [key, value] of Object.entries(expected))
        findings.same(`${where}, ${key}`, JSON.stringify(value), JSON.stringify(issuance[key]))
      this.counts.issued += BigInt(expected['issued'] as string)
    } catch (error) {
      if (!(error instanceof BadBundle)) throw error
      findings.add(where, 'what the rows earn', error.message)
    }
  }

  /** What all files of an epoch say. */
  #same(line: EpochLine, path: string, { seal, root }: Pick<SealedEpoch, 'seal' | 'root'>): void {
    const { findings, key } = this.#parts
    const where = `receipts/${path}`
    if (key !== undefined) findings.same(`${where}, origin`, key.name, line.origin)
    findings.same(`${where}, epoch`, seal.epoch, line.epoch)
    findings.same(`${where}, end`, seal.end, line.end)
    findings.same(`${where}, root`, encodeBase64(root), encodeBase64(line.root))
  }

  /** Epochs go on in their order: what one lacks, no later one has. */
  #order(kind: Kind, epoch: number, isRecorded: boolean): void {
    const { data, findings } = this.#parts
    const where = `receipts/read/${epoch}.${kind}`
    const first = this.#lacking.get(kind)
    const isThere = existsSync(join(data, where))
    if (!isThere && isRecorded) findings.add(where, 'a file, as in billing.sqlite', 'none')
    else if (!isThere) this.#lacking.set(kind, first ?? epoch)
    else if (first !== undefined)
      findings.add(`receipts/read/${first}.${kind}`, `a file, as ${epoch} has one`, 'none')
    if (isThere) this.#lacking.delete(kind)
  }
}
